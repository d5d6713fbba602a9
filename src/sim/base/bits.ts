/** Arithmetic with powers of two, for what is done so often that `**` shows in a profile. */

/** 2 to the power of `n`, a whole number from 0 on. */
export const powerOf2 = (n: number): number => (n < 31 ? 1 << n : 2 ** n);
