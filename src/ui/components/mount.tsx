import { render } from 'ink';
import { createCanvas } from '../canvas.js';
import type { Screen } from '../screen.js';
import type { Store } from '../store.js';
import type { ReactNode } from 'react';
import type { Size } from '../monitor-state.js';
import { CanvasContext } from './Rows.js';

export interface MountOptions {
  readonly store: Store<{ readonly size: Size }>;
  readonly screen: Screen;
  readonly stdin: NodeJS.ReadStream;
}

/** Lets ink lay the screen out. Answers the function that ends it. */
export function mountScreen(content: ReactNode, { store, screen, stdin }: MountOptions): () => void {
  const canvas = createCanvas();
  const instance = render(<CanvasContext value={canvas}>{content}</CanvasContext>, {
    stdout: frameCatcher(store, (frame) => screen.paint(canvas.compose(frame))),
    stdin,
    exitOnCtrlC: false,
    patchConsole: false,
    // Each write is then one whole frame, without cursor movements of ink's own: those are relative to the last frame,
    // and go wrong when the terminal was resized or another program wrote on it.
    debug: true,
  });
  return () => instance.unmount();
}

/** Stands where ink expects the terminal, and hands its frames over. */
function frameCatcher(store: MountOptions['store'], show: (frame: string) => void): NodeJS.WriteStream {
  const output = {
    get columns() {
      return store.get().size.columns;
    },
    get rows() {
      return store.get().size.rows;
    },
    write: (frame: string) => {
      if (frame !== '') show(frame);
      return true;
    },
    on: () => output,
    off: () => output,
  };
  return output as unknown as NodeJS.WriteStream;
}
