import { useEffect, useState, type RefObject } from "react";

interface KeyboardLock {
  lock?: () => Promise<void>;
  unlock?: () => void;
}

/** Full screen of one element. Where the browser can, Escape and Alt+Tab then go to the session. */
export function useFullScreen(element: RefObject<HTMLElement | null>): [boolean, () => void] {
  const [on, setOn] = useState(false);
  useEffect(() => {
    const { keyboard } = navigator as Navigator & { keyboard?: KeyboardLock };
    const change = () => {
      const now = document.fullscreenElement !== null;
      setOn(now);
      if (now) keyboard?.lock?.().catch(() => undefined);
      else keyboard?.unlock?.();
    };
    document.addEventListener("fullscreenchange", change);
    return () => document.removeEventListener("fullscreenchange", change);
  }, []);
  const toggle = () => {
    const done = document.fullscreenElement ? document.exitFullscreen() : element.current?.requestFullscreen();
    // Refused outside of a click, or where the browser has none (iPhones).
    done?.catch(() => undefined);
  };
  return [on, toggle];
}
