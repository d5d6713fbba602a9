/** The Linux kernels that a host can have. What differs between them stands in kernel/profiles.ts. */
export const KERNEL_VERSIONS = ['5.15', '6.1', '6.18'] as const;
export type KernelVersion = (typeof KERNEL_VERSIONS)[number];
export const DEFAULT_KERNEL: KernelVersion = '6.18';
