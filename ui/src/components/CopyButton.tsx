import Button from "@cloudscape-design/components/button";
import { useEffect, useState } from "react";
import { copyText } from "./copyText";

export function CopyButton({ text }: { text: string }) {
  const [done, setDone] = useState<"copied" | "failed" | null>(null);
  useEffect(() => {
    if (!done) return undefined;
    const timer = setTimeout(() => setDone(null), 2500);
    return () => clearTimeout(timer);
  }, [done]);
  return (
    <Button
      iconName={done === "copied" ? "status-positive" : "copy"}
      onClick={() => void copyText(text).then((ok) => setDone(ok ? "copied" : "failed"))}
      data-testid="copy-command"
    >
      {done === null ? "Copy" : done === "copied" ? "Copied" : "Select it and copy by hand"}
    </Button>
  );
}
