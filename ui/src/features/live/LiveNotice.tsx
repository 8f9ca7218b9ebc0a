import Alert from "@cloudscape-design/components/alert";
import { useEffect, useState } from "react";
import { useFeedStatus } from "./LiveProvider";

/** A blink of the network is not worth a notice. */
const PATIENCE_MS = 1500;

export function LiveNotice() {
  const interrupted = useFeedStatus() === "interrupted";
  const [shown, setShown] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setShown(interrupted), interrupted ? PATIENCE_MS : 0);
    return () => clearTimeout(timer);
  }, [interrupted]);
  if (!shown) return null;
  return (
    <Alert type="warning" header="Live updates interrupted" data-testid="live-notice">
      What you see may be out of date. Reconnecting automatically.
    </Alert>
  );
}
