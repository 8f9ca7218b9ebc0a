import { useRef } from "react";
import { TouchKeyboardIcon } from "./icons";
import { typed, type Key } from "./keys";
import styles from "./viewer.module.css";

/** Something to delete, so that a backspace in the empty field is noticed. */
const FILLER = "_".repeat(32);

/** Brings up the device's own keyboard, and sends what is typed on it. */
export function TouchKeyboard({ onKeys }: { onKeys: (keys: readonly Key[]) => void }) {
  const field = useRef<HTMLTextAreaElement>(null);
  const before = useRef(FILLER);

  const read = (reset: boolean) => {
    const area = field.current;
    if (!area) return;
    for (const key of typed(before.current, area.value)) onKeys([key]);
    if (reset) area.value = FILLER;
    before.current = area.value;
  };

  return (
    <>
      <button
        type="button"
        className={`${styles.tool} ${styles.touchOnly}`}
        aria-label="On-screen keyboard"
        title="On-screen keyboard"
        data-testid="viewer-keyboard"
        onClick={() => {
          field.current?.focus();
          field.current?.setSelectionRange(FILLER.length, FILLER.length);
        }}
      >
        <TouchKeyboardIcon />
      </button>
      <textarea
        ref={field}
        className={styles.touchField}
        defaultValue={FILLER}
        autoCapitalize="off"
        autoComplete="off"
        autoCorrect="off"
        spellCheck={false}
        tabIndex={-1}
        aria-hidden="true"
        // A composition (suggestions, accents) is followed as it changes and ends as ordinary text.
        onInput={(event) => read(!event.nativeEvent.isComposing)}
        onCompositionEnd={() => read(true)}
      />
    </>
  );
}
