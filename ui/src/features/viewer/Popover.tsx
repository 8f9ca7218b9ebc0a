import { useEffect, useId, useRef, useState, type ReactNode } from "react";
import styles from "./viewer.module.css";

interface Props {
  icon: ReactNode;
  label: string;
  testId: string;
  wide?: boolean;
  badge?: boolean;
  onOpenChange?: (open: boolean) => void;
  children: (close: () => void) => ReactNode;
}

/** A tool bar button with a panel under it, which Escape and a click elsewhere close. */
export function Popover({ icon, label, testId, wide, badge, onOpenChange, children }: Props) {
  const [open, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  const id = useId();

  useEffect(() => onOpenChange?.(open), [open, onOpenChange]);
  useEffect(() => {
    if (!open) return undefined;
    const elsewhere = (event: Event) => {
      if (event.target instanceof Node && !root.current?.contains(event.target)) setOpen(false);
    };
    const escape = (event: KeyboardEvent) => {
      if (event.key === "Escape") setOpen(false);
    };
    // Capture: noVNC stops events on its canvas.
    document.addEventListener("pointerdown", elsewhere, true);
    document.addEventListener("keydown", escape, true);
    return () => {
      document.removeEventListener("pointerdown", elsewhere, true);
      document.removeEventListener("keydown", escape, true);
    };
  }, [open]);

  return (
    <div className={styles.anchor} ref={root}>
      <button
        type="button"
        className={styles.tool}
        aria-label={label}
        title={label}
        aria-expanded={open}
        aria-controls={open ? id : undefined}
        data-testid={testId}
        onClick={() => setOpen(!open)}
      >
        {icon}
        {badge && <span className={styles.dot} />}
      </button>
      {open && (
        <div
          id={id}
          className={wide ? `${styles.panel} ${styles.wide}` : styles.panel}
          role="dialog"
          aria-label={label}
        >
          {children(() => setOpen(false))}
        </div>
      )}
    </div>
  );
}

interface ItemProps {
  text: string;
  description?: string;
  selected?: boolean;
  danger?: boolean;
  testId: string;
  onClick: () => void;
}

export function PanelItem({ text, description, selected, danger, testId, onClick }: ItemProps) {
  return (
    <button
      type="button"
      className={styles.item}
      aria-pressed={selected}
      data-danger={danger}
      data-testid={testId}
      onClick={onClick}
    >
      {text}
      {description && <small>{description}</small>}
    </button>
  );
}
