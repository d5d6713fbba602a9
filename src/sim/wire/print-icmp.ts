/**
 * ICMP messages as `tcpdump -n` prints them, after the addresses: `ICMP 10.0.0.2 unreachable - need to frag (mtu 1400),
 * length 36`. What it prints only for some kinds of routers is left out.
 */
import { addressAt } from './address.ts';
import { ICMP_HEADER, ICMP4, ICMP6, quotedSegment } from './icmp.ts';
import { IPV4_HEADER } from './ipv4.ts';
import { IPV6_HEADER } from './ipv6.ts';
import { getU16, getU32 } from './octets.ts';

/** What an error quotes, as far as it is there. */
interface Quoted {
  src: string;
  dst: string;
  protocol: number;
  port: number | undefined;
}

function quoted(rest: Uint8Array): Quoted | undefined {
  const six = (rest[0] ?? 0) >> 4 === 6;
  if (rest.length < (six ? IPV6_HEADER : IPV4_HEADER)) return undefined;
  const src = addressAt(rest, six ? 8 : 12, six ? 6 : 4).text;
  const dst = addressAt(rest, six ? 24 : 16, six ? 6 : 4).text;
  const port = quotedSegment({ type: 0, code: 0, info: 0, rest })?.dstPort;
  return { src, dst, protocol: rest[six ? 6 : 9] as number, port };
}

/** By code, with the destination of the quoted packet. */
/* biome-ignore format: a table */
const UNREACHABLE: readonly ((dst: string, quote: Quoted, mtu: number) => string)[] = [
  (dst) => `net ${dst} unreachable`,
  (dst) => `host ${dst} unreachable`,
  (dst, { protocol }) => `${dst} protocol ${protocol} unreachable`,
  (dst, { port, protocol }) => port === undefined ? `${dst} protocol ${protocol} port unreachable` : `${dst} tcp port ${port} unreachable`,
  (dst, _, mtu) => `${dst} unreachable - need to frag${mtu ? ` (mtu ${mtu})` : ''}`,
  (dst) => `${dst} unreachable - source route failed`,
  (dst) => `net ${dst} unreachable - unknown`,
  (dst) => `host ${dst} unreachable - unknown`,
  (dst) => `${dst} unreachable - source host isolated`,
  (dst) => `net ${dst} unreachable - admin prohibited`,
  (dst) => `host ${dst} unreachable - admin prohibited`,
  (dst) => `net ${dst} unreachable - tos prohibited`,
  (dst) => `host ${dst} unreachable - tos prohibited`,
  (dst) => `host ${dst} unreachable - admin prohibited filter`,
  (dst) => `host ${dst} unreachable - host precedence violation`,
  (dst) => `host ${dst} unreachable - precedence cutoff`,
];

const UNREACHABLE6: readonly ((dst: string, quote: Quoted) => string)[] = [
  (dst) => `unreachable route ${dst}`,
  (dst) => ` unreachable prohibited ${dst}`,
  (dst, { src }) => `beyond scope ${dst}, source address ${src}`,
  (dst) => `unreachable address ${dst}`,
  (dst, { port }) => `unreachable port, ${dst}${port === undefined ? '' : ` tcp port ${port}`}`,
];

const PARAMETERS6 = ['erroneous', 'next header', 'option'];

const echo = (bytes: Uint8Array): string => `id ${getU16(bytes, 4)}, seq ${getU16(bytes, 6)}`;

/** What tcpdump prints of a message that is too short for its kind. */
const CUT = '[|icmp]';

/** The line of a message of ICMP for IPv4. */
export function icmpText(bytes: Uint8Array): string {
  const what = bytes.length < ICMP_HEADER ? undefined : what4(bytes);
  return what === undefined ? ` ${CUT}` : `ICMP ${what}, length ${bytes.length}`;
}

function what4(bytes: Uint8Array): string | undefined {
  const [type, code] = bytes as unknown as [number, number];
  switch (type) {
    case ICMP4.echo:
      return `echo request, ${echo(bytes)}`;
    case ICMP4.echoReply:
      return `echo reply, ${echo(bytes)}`;
    case ICMP4.unreachable: {
      const quote = quoted(bytes.subarray(ICMP_HEADER));
      return (
        quote && (UNREACHABLE[code]?.(quote.dst, quote, getU16(bytes, 6)) ?? `${quote.dst} unreachable - #${code}`)
      );
    }
    case ICMP4.timeExceeded:
      return code === 0
        ? 'time exceeded in-transit'
        : code === 1
          ? 'ip reassembly time exceeded'
          : `time exceeded-#${code}`;
    case ICMP4.sourceQuench:
      return 'source quench';
    case ICMP4.parameterProblem:
      return code === 0 ? `parameter problem - octet ${bytes[4]}` : `parameter problem - code ${code}`;
    default:
      return `type-#${type}`;
  }
}

/** The line of a message of ICMP for IPv6. */
export function icmp6Text(bytes: Uint8Array): string {
  const what = bytes.length < ICMP_HEADER ? undefined : what6(bytes);
  return what === undefined ? ` ${CUT}` : `ICMP6, ${what}, length ${bytes.length}`;
}

function what6(bytes: Uint8Array): string | undefined {
  const [type, code] = bytes as unknown as [number, number];
  const quote = quoted(bytes.subarray(ICMP_HEADER));
  switch (type) {
    case ICMP6.echo:
      return `echo request, ${echo(bytes)}`;
    case ICMP6.echoReply:
      return `echo reply, ${echo(bytes)}`;
    case ICMP6.unreachable:
      return quote && `destination unreachable, ${UNREACHABLE6[code]?.(quote.dst, quote) ?? `unknown code (${code})`}`;
    case ICMP6.packetTooBig:
      return `packet too big, mtu ${getU32(bytes, 4)}`;
    case ICMP6.timeExceeded:
      return quote && `time exceeded in-transit ${code === 0 ? `for ${quote.dst}` : '(reassembly)'}`;
    case ICMP6.parameterProblem:
      return `parameter problem, ${PARAMETERS6[code] ?? `code-#${code}`} - octet ${getU32(bytes, 4)}`;
    default:
      return `unknown type ${type}`;
  }
}
