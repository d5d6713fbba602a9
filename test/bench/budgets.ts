/** What must hold of each measurement: the budgets of the project, and how far beyond them it wants to go. */
export interface Budget {
  scenario: string;
  measure: string;
  /** Whether more is better, or less. */
  want: 'more' | 'less';
  budget: number;
  beyond: number;
}

/* biome-ignore format: a table */
export const BUDGETS: readonly Budget[] = [
  { scenario: 'bulk',        measure: 'data segments/s', want: 'more', budget: 500_000, beyond: 1_000_000 },
  { scenario: 'bulk-loss',   measure: 'data segments/s', want: 'more', budget: 500_000, beyond: 1_000_000 },
  { scenario: 'bulk-flows',  measure: 'data segments/s', want: 'more', budget: 500_000, beyond: 1_000_000 },
  { scenario: 'codec',       measure: 'bytes/event',     want: 'less', budget: 48,      beyond: 32 },
  { scenario: 'idle',        measure: 'bytes each',      want: 'less', budget: 4096,    beyond: 2048 },
  // flat: an event on one of 100,000 connections takes no more than twice the time of one on one of ten
  { scenario: 'curve',       measure: 'growth',          want: 'less', budget: 2,       beyond: 1.3 },
  { scenario: 'session',     measure: 'start ms',        want: 'less', budget: 150,     beyond: 80 },
  { scenario: 'session',     measure: 'warm cell ms',    want: 'less', budget: 3,       beyond: 1 },
];

export const met = ({ want, budget }: Budget, value: number): boolean =>
  want === 'more' ? value >= budget : value <= budget;
export const exceeded = ({ want, beyond }: Budget, value: number): boolean =>
  want === 'more' ? value >= beyond : value <= beyond;
