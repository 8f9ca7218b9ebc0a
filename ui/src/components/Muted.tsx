import type { ReactNode } from "react";
import styles from "./Muted.module.css";

/** Text that steps back, in the size of what is around it. */
export function Muted({ children }: { children: ReactNode }) {
  return <span className={styles.muted}>{children}</span>;
}
