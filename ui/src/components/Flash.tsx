/** Short messages at the top of the page: what was done, or why it could not be. */
import Flashbar, { type FlashbarProps } from "@cloudscape-design/components/flashbar";
import { createContext, useCallback, useContext, useMemo, useState, type ReactNode } from "react";
import { asProblem } from "@/api/problem";

interface Flash {
  items: FlashbarProps.MessageDefinition[];
  success: (content: string) => void;
  failure: (header: string, error: unknown) => void;
}

const FlashContext = createContext<Flash | null>(null);
const SUCCESS_MS = 6000;
let next = 0;

export function FlashProvider({ children }: { children: ReactNode }) {
  const [items, setItems] = useState<FlashbarProps.MessageDefinition[]>([]);

  const dismiss = useCallback((id: string) => setItems((before) => before.filter((each) => each.id !== id)), []);
  const add = useCallback(
    (item: FlashbarProps.MessageDefinition) => {
      const id = String((next += 1));
      const whole = { ...item, id, dismissible: true, dismissLabel: "Dismiss", onDismiss: () => dismiss(id) };
      setItems((before) => [whole, ...before].slice(0, 4));
      if (item.type === "success") setTimeout(() => dismiss(id), SUCCESS_MS);
    },
    [dismiss],
  );
  const flash = useMemo<Flash>(
    () => ({
      items,
      success: (content) => add({ type: "success", content }),
      failure: (header, error) => add({ type: "error", header, content: asProblem(error).message }),
    }),
    [items, add],
  );
  return <FlashContext value={flash}>{children}</FlashContext>;
}

export function useFlash(): Flash {
  const flash = useContext(FlashContext);
  if (!flash) throw new Error("useFlash outside of FlashProvider");
  return flash;
}

export function FlashMessages() {
  return <Flashbar items={useFlash().items} />;
}
