/** The part of a terminal's output that the screen needs. */
export interface ScreenOutput {
  write(text: string): unknown;
}

/** The alternate screen of a terminal. */
export interface Screen {
  /** Takes the terminal over: alternate screen, no cursor, no wrapping. */
  enter(): void;
  /** Gives it back as it was. Any number of times, at any moment. */
  leave(): void;
  /** Shows a frame: writes the rows that differ from what is there, each at its place. */
  paint(frame: string): void;
  /** Forgets what is there and paints the last frame as a whole: after a resize, after other programs wrote. */
  repaint(): void;
}

const escape = '\u001b';
const alternate = { enter: `${escape}[?1049h`, leave: `${escape}[?1049l` };
const cursor = { hide: `${escape}[?25l`, show: `${escape}[?25h` };
const wrapping = { off: `${escape}[?7l`, on: `${escape}[?7h` };
const clear = `${escape}[0m${escape}[2J${escape}[H`;
/** Terminals that know it show all between the two at once; others do not look at it. */
const atOnce = { begin: `${escape}[?2026h`, end: `${escape}[?2026l` };

export function createScreen(output: ScreenOutput): Screen {
  let inside = false;
  let frame: readonly string[] = [];
  let there: readonly string[] = [];
  const show = (start: string): void => {
    const changed = frame.flatMap((row, i) => (row === there[i] ? [] : [rowAt(i, row)]));
    const gone = there.slice(frame.length).map((_, i) => rowAt(frame.length + i, ''));
    there = frame;
    if (start === '' && changed.length === 0 && gone.length === 0) return;
    output.write([atOnce.begin, start, ...changed, ...gone, atOnce.end].join(''));
  };
  return {
    enter: () => {
      if (inside) return;
      inside = true;
      there = [];
      output.write(alternate.enter + cursor.hide + wrapping.off);
      show(clear);
    },
    leave: () => {
      if (!inside) return;
      inside = false;
      output.write(`${escape}[0m${wrapping.on}${cursor.show}${alternate.leave}`);
    },
    paint: (text) => {
      frame = text.split('\n');
      if (inside) show('');
    },
    repaint: () => {
      there = [];
      if (inside) show(clear);
    },
  };
}

/** Erased first and written then: erasing afterwards would take the last cell of a full row. */
function rowAt(index: number, row: string): string {
  return `${escape}[${index + 1};1H${escape}[0m${escape}[K${row}`;
}
