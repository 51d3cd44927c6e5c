const controls = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g;

/** Text of another machine, for a terminal or a log: nothing in it moves a cursor, changes a title or turns the line round. */
export function plainText(text: string, most: number): string {
  return text.slice(0, most).replace(controls, '?');
}
