/**
 * The notebook renderer: draws the recorded run of a cell in its output.
 *
 * VS Code calls `activate` once per page, and `renderOutputItem` whenever an output is to be drawn: also again for the
 * same element with other data and no dispose between. Outputs are kept by id. Where the reader stood is kept in the
 * renderer's state, so that scrolling an output away and back does not lose it. Nothing of a payload becomes HTML.
 */
import { decodePayload } from '../src/views/payload.ts';
import { defineLab, type LabState, type LabView, StateEvent } from './lab-view.ts';
import { makeRun, type Run } from './run.ts';
import { defineToolkit } from './ui/toolkit.ts';

/** The parts of VS Code's renderer API that are used here. */
interface RendererContext<S> {
  getState?(): S | undefined;
  setState?(state: S): void;
}
interface OutputItem {
  id: string;
  data(): Uint8Array;
}
interface RendererApi {
  renderOutputItem(item: OutputItem, element: HTMLElement, signal: AbortSignal): void;
  disposeOutputItem(id?: string): void;
}

/** What is kept from one page to the next: where the reader stood in each output. */
type Kept = Record<string, LabState>;
/** Outputs that are remembered; the oldest are forgotten first. */
const REMEMBERED = 100;

interface Output {
  element: HTMLElement;
  view: LabView | undefined;
}

export function activate(context: RendererContext<Kept>): RendererApi {
  defineToolkit();
  defineLab();
  const outputs = new Map<string, Output>();

  const remember = (id: string, state: LabState) => {
    const { [id]: _, ...others } = context.getState?.() ?? {};
    const kept = Object.entries(others).slice(1 - REMEMBERED);
    context.setState?.({ ...Object.fromEntries(kept), [id]: state });
  };

  const viewFor = (id: string, element: HTMLElement): LabView => {
    const known = outputs.get(id);
    if (known?.view && known.element === element && known.view.isConnected) return known.view;
    const view = document.createElement('socknb-lab') as LabView;
    view.addEventListener(StateEvent.type, () => remember(id, view.state));
    outputs.set(id, { element, view });
    element.replaceChildren(view);
    return view;
  };

  const refuse = (id: string, element: HTMLElement, reason: string) => {
    outputs.set(id, { element, view: undefined });
    const message = document.createElement('p');
    message.setAttribute('role', 'note');
    message.textContent = `This output cannot be drawn: ${reason}. Run the cell again to see it.`;
    element.replaceChildren(message);
  };

  return {
    renderOutputItem(item, element, signal) {
      if (signal.aborted) return;
      const payload = decodePayload(item.data());
      if (!payload.ok) return refuse(item.id, element, payload.reason);
      const state = outputs.get(item.id)?.view?.state ?? context.getState?.()?.[item.id];
      let run: Run;
      try {
        run = makeRun(payload.header, payload.log);
      } catch (error) {
        return refuse(item.id, element, String(error));
      }
      viewFor(item.id, element).show(run, state);
    },
    disposeOutputItem(id) {
      for (const key of id === undefined ? [...outputs.keys()] : [id]) {
        outputs.get(key)?.element.replaceChildren();
        outputs.delete(key);
      }
    },
  };
}
