/** Keys as X keysyms, for menus and for text typed on a touch keyboard. */
export interface Key {
  keysym: number;
  code: string | null;
}

const CONTROL: Key = { keysym: 0xffe3, code: "ControlLeft" };
const ALT: Key = { keysym: 0xffe9, code: "AltLeft" };
const SHIFT: Key = { keysym: 0xffe1, code: "ShiftLeft" };
const SUPER: Key = { keysym: 0xffeb, code: "MetaLeft" };
const TAB: Key = { keysym: 0xff09, code: "Tab" };
const ESCAPE: Key = { keysym: 0xff1b, code: "Escape" };
const DELETE: Key = { keysym: 0xffff, code: "Delete" };
const F4: Key = { keysym: 0xffc1, code: "F4" };
const PRINT: Key = { keysym: 0xff61, code: "PrintScreen" };
const BACKSPACE: Key = { keysym: 0xff08, code: "Backspace" };
const RETURN: Key = { keysym: 0xff0d, code: "Enter" };

export const COMBINATIONS: readonly { id: string; text: string; keys: readonly Key[] }[] = [
  { id: "ctrl-alt-del", text: "Ctrl + Alt + Del", keys: [CONTROL, ALT, DELETE] },
  { id: "alt-tab", text: "Alt + Tab", keys: [ALT, TAB] },
  { id: "alt-f4", text: "Alt + F4", keys: [ALT, F4] },
  { id: "ctrl-shift-escape", text: "Ctrl + Shift + Esc", keys: [CONTROL, SHIFT, ESCAPE] },
  { id: "super", text: "Super", keys: [SUPER] },
  { id: "escape", text: "Esc", keys: [ESCAPE] },
  { id: "tab", text: "Tab", keys: [TAB] },
  { id: "print", text: "Print Screen", keys: [PRINT] },
];

/** What was done to a text field: so many characters taken from the end, then this text added. */
export function typed(before: string, after: string): Key[] {
  let same = 0;
  while (same < before.length && same < after.length && before[same] === after[same]) same += 1;
  const removed = Array.from(before.slice(same)).map(() => BACKSPACE);
  return [...removed, ...Array.from(after.slice(same), keyOf)];
}

/** Source: X11 protocol, appendix A: Latin-1 is itself, other Unicode is 0x01000000 plus the code point. */
function keyOf(character: string): Key {
  if (character === "\n") return RETURN;
  if (character === "\t") return TAB;
  const point = character.codePointAt(0) ?? 0;
  return { keysym: point < 0x100 ? point : 0x01000000 + point, code: null };
}
