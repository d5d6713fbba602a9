import fc from 'fast-check';
import { storm, storms } from './storm.ts';

describe('tcp: any network', () => {
  it('leaves both blocks sound after every turn, and every byte arrives', () => {
    fc.assert(
      fc.property(storms, (one) => {
        storm(...one);
      }),
      { numRuns: Number(process.env.STORMS ?? 300) },
    );
  });
});
