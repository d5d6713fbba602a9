/**
 * Every name by which VS Code knows a part of this extension. package.json says them a second time, because a manifest
 * cannot import; `test/manifest.test.ts` compares the two. Knows nothing of VS Code itself.
 */
import { RUN_MIME } from '../views/payload.ts';

/** The notebook type, and the language of a `.socknb` file that is opened as text. */
export const NOTEBOOK_TYPE = 'socknb';
export const TEXT_LANGUAGE = 'socknb';
/** Cells of this language are packetdrill scripts; VS Code knows the other languages itself. */
export const PACKETDRILL_LANGUAGE = 'packetdrill';
export const FILE_EXTENSION = '.socknb';

export const RENDERER_ID = 'socknb-lab';
/** Media types that the renderer draws. */
export const RENDERED_MIMES: readonly string[] = [RUN_MIME];

export const COMMANDS = {
  restart: 'socknb.restart',
  newNotebook: 'socknb.newNotebook',
  openAsText: 'socknb.openAsText',
} as const;

/** The kernels as the kernel picker shows them. VS Code remembers a choice by `id`. */
export const CONTROLLERS = [
  {
    kernel: 'simulator',
    id: 'socknb.simulator',
    label: 'Simulator',
    description: 'deterministic, virtual time',
    detail: 'A Linux-like kernel and network, all of which can be drawn.',
  },
  {
    kernel: 'loopback',
    id: 'socknb.loopback',
    label: 'Real loopback sockets',
    description: 'the system calls of this machine (Linux)',
    detail: 'The same cells on the real kernel, on 127.0.0.0/8 and ::1 only.',
  },
] as const;

/** Languages of the cells that can run; a new cell gets the first. */
export const CELL_LANGUAGES = ['typescript', 'shellscript', PACKETDRILL_LANGUAGE] as const;
