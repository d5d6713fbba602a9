/** The program `socknb`: from a command line to an exit code. */
import { parseCommand, UsageError, usage } from './args.ts';
import { capture } from './capture.ts';
import type { Io } from './io.ts';
import { FileError } from './load.ts';
import { packetdrill } from './packetdrill.ts';
import { run } from './run.ts';
import { student } from './student.ts';
import { verify } from './verify.ts';
import { VERSION } from './version.ts';

/** Exit codes. */
export const EXIT = { ok: 0, failed: 1, usage: 2 } as const;

/** @param args without the program's own name */
export async function socknb(args: readonly string[], io: Io): Promise<number> {
  try {
    const command = parseCommand(args);
    switch (command.name) {
      case 'help':
        io.out(`${usage()}\n`);
        return EXIT.ok;
      case 'version':
        io.out(`${VERSION}\n`);
        return EXIT.ok;
      case 'run':
        return await run(command, io);
      case 'verify':
        return await verify(command.files, io);
      case 'student':
        return student(command, io);
      case 'capture':
        return await capture(command, io);
      case 'packetdrill':
        return packetdrill(command, io);
    }
  } catch (error) {
    if (error instanceof FileError) {
      io.err(`${error.message}\n`);
      return EXIT.usage;
    }
    if (error instanceof UsageError) {
      io.err(`socknb: ${error.message}\n\n${usage()}\n`);
      return EXIT.usage;
    }
    io.err(`socknb: ${error instanceof Error ? error.message : String(error)}\n`);
    return EXIT.failed;
  }
}
