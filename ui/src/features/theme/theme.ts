/** Light or dark: the system's choice until a person makes their own, which this browser remembers. */
import { applyMode, Mode } from "@cloudscape-design/global-styles";
import { useSyncExternalStore } from "react";

const KEY = "streamspace-theme";
const listeners = new Set<() => void>();
let mode: Mode = remembered();

function remembered(): Mode {
  const stored = localStorage.getItem(KEY);
  if (stored === "dark" || stored === "light") return stored === "dark" ? Mode.Dark : Mode.Light;
  return window.matchMedia("(prefers-color-scheme: dark)").matches ? Mode.Dark : Mode.Light;
}

export function startTheme(): void {
  applyMode(mode);
}

export function toggleTheme(): void {
  mode = mode === Mode.Dark ? Mode.Light : Mode.Dark;
  localStorage.setItem(KEY, mode);
  applyMode(mode);
  for (const listener of listeners) listener();
}

export function useDark(): boolean {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    () => mode === Mode.Dark,
  );
}
