/**
 * Light, dark or as the system has it. The choice belongs to the account; this browser remembers it, so that
 * the first paint and the sign-in page have it too.
 */
import { applyMode, Mode } from "@cloudscape-design/global-styles";
import { useSyncExternalStore } from "react";

export type ThemeChoice = "system" | "light" | "dark";

const KEY = "streamspace-theme";
const listeners = new Set<() => void>();
const system = window.matchMedia("(prefers-color-scheme: dark)");
let choice: ThemeChoice = remembered();

function remembered(): ThemeChoice {
  const stored = localStorage.getItem(KEY);
  return stored === "dark" || stored === "light" ? stored : "system";
}

const isDark = () => (choice === "system" ? system.matches : choice === "dark");

function show(): void {
  applyMode(isDark() ? Mode.Dark : Mode.Light);
  for (const listener of listeners) listener();
}

export function startTheme(): void {
  system.addEventListener("change", show);
  show();
}

export function setTheme(next: ThemeChoice): void {
  choice = next;
  if (next === "system") localStorage.removeItem(KEY);
  else localStorage.setItem(KEY, next);
  show();
}

/** The other of the two; answers what it chose. */
export function toggleTheme(): ThemeChoice {
  setTheme(isDark() ? "light" : "dark");
  return choice;
}

export function useDark(): boolean {
  return useSyncExternalStore((listener) => {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }, isDark);
}
