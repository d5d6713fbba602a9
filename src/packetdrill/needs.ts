/**
 * What a script needs and the simulator lacks, all of it and not only what stops a run first: from the text alone. So a
 * directory of scripts shows which missing feature would let how many of them run.
 */
import { type CallName, OPTIONS, SIGNATURES } from '../sim/syscall/signatures.ts';
import { KEPT } from '../sim/tcp/info.ts';
import { flagsOf, hasCall, wordsOf } from './calls.ts';
import { lacking, type ReadFile } from './commands.ts';
import { configOf, DEFAULTS } from './config.ts';
import { Machine } from './machine.ts';
import { Unsupported } from './outcome.ts';
import type { Expression, PacketAction, Script, SyscallAction } from './script.ts';
import { type Defines, expressionText, nameOf, numberOf } from './values.ts';

/** Socket options that the simulator has. */
const KNOWN: readonly string[] = Object.values(OPTIONS).flat();

/** The features, each once, in the order in which the script asks for them. */
export function needs(script: Script, read: ReadFile): string[] {
  const found = new Set<string>();
  const add = (...features: readonly string[]) => {
    for (const feature of features) found.add(feature);
  };
  const { localAddr: local, remoteAddr: remote, mtu } = DEFAULTS;
  const { host } = new Machine({ local, remote, mtu, seed: 0 });
  add(...optionNeeds(script));
  for (const command of [script.init, script.cleanup]) if (command) add(...lacking(host, command, read));
  for (const { action } of script.events) {
    if (action.do === 'command') add(...lacking(host, action, read));
    else if (action.do === 'code') add(...codeNeeds(action.text));
    else if (action.do === 'syscall') add(...callNeeds(action, script.defines));
    else add(...packetNeeds(action));
  }
  return [...found];
}

function optionNeeds(script: Script): string[] {
  return script.options.flatMap((option) => {
    try {
      configOf({ ...script, options: [option] });
    } catch (error) {
      if (error instanceof Unsupported) return [error.message];
    }
    return [];
  });
}

/** Fields of TCP_INFO that are not kept. */
function codeNeeds(text: string): string[] {
  return [...text.matchAll(/\btcpi_\w+/g)].filter(([name]) => !KEPT.has(name)).map(([name]) => `TCP_INFO ${name}`);
}

function callNeeds({ name, args, ...at }: SyscallAction, defines: Defines): string[] {
  if (!hasCall(name)) return [`${name}()`];
  if (name === 'setsockopt' || name === 'getsockopt') {
    const option = expressionText(args[2] ?? { is: 'any' });
    return KNOWN.includes(option) ? [] : [option];
  }
  const form = Object.hasOwn(SIGNATURES, name) ? SIGNATURES[name as CallName].args : [];
  const flags = args[form.findIndex(([, kind]) => kind === 'flags')];
  if (!flags) return [];
  return wordsOf(flags)
    .filter((word) => !obeyed(name, word, defines, at))
    .map(expressionText);
}

function obeyed(call: string, word: Expression, defines: Defines, at: { line: number; column: number }): boolean {
  try {
    return (numberOf(word, defines, at) & ~flagsOf(call)) === 0;
  } catch {
    return word.is === 'word' && nameOf(word.name, defines) === '0';
  }
}

function packetNeeds(action: PacketAction): string[] {
  const out = action.tunnels.map(({ kind }) => `${kind} around packets`);
  if (action.protocol !== 'tcp') return [...out, action.protocol.toUpperCase()];
  const kinds = action.options === 'any' ? [] : action.options.map(({ kind }) => kind);
  if (kinds.includes('ECN') || /[A0-7]/.test(action.flags)) out.push('AccECN');
  return out;
}
