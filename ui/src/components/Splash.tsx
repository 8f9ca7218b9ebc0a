import Spinner from "@cloudscape-design/components/spinner";
import type { ReactNode } from "react";
import { Wordmark } from "./Brand";
import styles from "./Splash.module.css";

/** The whole window while there is nothing else to show yet. */
export function Splash({ children }: { children?: ReactNode }) {
  return (
    <div className={styles.splash} data-testid="splash">
      <Wordmark size={36} />
      {children ?? <Spinner size="large" />}
    </div>
  );
}
