/**
 * The lower tier of the codecs: where each field of a header lies, for any bytes at all.
 *
 * A header is a table of fields by bit offset and bit length. Reading by such a table never fails: a field that lies
 * beyond the end is absent. So a cut or corrupted packet still shows all that it has, in a hexdump or a drawing.
 */

/** How a field's value is written for people. */
export type FieldForm = 'decimal' | 'hex' | 'address' | 'flag';

/** One row of a header's table. */
export interface Field {
  readonly name: string;
  /** Offset of the first bit from the start of the header; bit 0 is the most significant bit of byte 0. */
  readonly bit: number;
  /** Length, 1 to 32; an IPv6 address has 128. */
  readonly bits: number;
  readonly form: FieldForm;
  readonly about: string;
}

/**
 * The value of a field in the header that starts at byte `start`, or undefined when the bytes end before it does. Exact up
 * to 53 bits: longer fields are addresses, which are read as such.
 */
export function readField(bytes: Uint8Array, start: number, field: Pick<Field, 'bit' | 'bits'>): number | undefined {
  const last = field.bit + field.bits - 1;
  if (start + (last >> 3) >= bytes.length) return undefined;
  let value = 0;
  for (let at = field.bit >> 3; at <= last >> 3; at++) value = value * 256 + (bytes[start + at] as number);
  return Math.floor(value / 2 ** (7 - (last & 7))) % 2 ** field.bits;
}
