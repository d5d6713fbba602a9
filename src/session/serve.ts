/**
 * The far end of a session: requests in, one at a time and in their order; answers, print and clock out. Every request
 * gets exactly one answer. Knows no platform.
 */
import type { Platform } from './platform.ts';
import type { FromSession, ToSession } from './protocol.ts';
import type { RunControl } from './run-state.ts';
import { Session } from './session.ts';

/** The way to the client. */
export interface Port {
  /** `transfer`: memory that is handed over rather than copied. */
  post(message: FromSession, transfer?: ArrayBufferLike[]): void;
  listen(onMessage: (message: ToSession) => void): void;
}

/** Serves one session for the life of its worker. @returns where to report errors that no code awaited */
export function serve(port: Port, platform: Platform): { stray(error: unknown): void } {
  let session: Session | undefined;
  let shared: Int32Array | undefined;
  let tail: Promise<void> = Promise.resolve();

  const opened = (): Session => {
    if (!session) throw new Error('no session is open');
    return session;
  };

  const answer = async (message: ToSession): Promise<void> => {
    const inReplyTo = message.id;
    switch (message.type) {
      case 'open':
        shared = message.shared && new Int32Array(message.shared);
        session = await Session.create(message.config, platform);
        return port.post({ type: 'opened', inReplyTo });
      case 'run': {
        const run = message.id;
        const control: RunControl = {
          stopped: () => shared !== undefined && shared[0] === run,
          print: (stream, text) => port.post({ type: 'print', run, stream, text }),
          clock: (now, events) => port.post({ type: 'clock', run, now, events }),
        };
        const result = await opened().run(message.cell, control, message.replay);
        return port.post({ type: 'ran', inReplyTo, result }, result.payload ? [result.payload.buffer] : []);
      }
      case 'log': {
        const bytes = opened().encodedLog();
        return port.post({ type: 'log', inReplyTo, bytes }, [bytes.buffer]);
      }
      case 'close':
        await session?.close();
        return port.post({ type: 'closed', inReplyTo });
    }
  };

  port.listen((message) => {
    tail = tail
      .then(() => answer(message))
      .catch((error: unknown) => {
        const text = error instanceof Error ? error.message : String(error);
        port.post({ type: 'failed', inReplyTo: message.id, message: text });
      });
  });
  return { stray: (error) => session?.stray(error) };
}
