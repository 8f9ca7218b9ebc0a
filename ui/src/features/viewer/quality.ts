/** How good the connection feels, from the round trip alone: a still picture has a frame rate of nothing. */
import type { Quality } from "./viewerConnection";

export type Level = "good" | "fair" | "poor" | "unknown";

export function level({ roundTripMs }: Quality): Level {
  if (roundTripMs === null) return "unknown";
  if (roundTripMs < 80) return "good";
  return roundTripMs < 200 ? "fair" : "poor";
}

export function words(quality: Quality): string {
  const trip = quality.roundTripMs === null ? null : `${Math.max(1, Math.round(quality.roundTripMs))} ms`;
  return [trip, `${quality.frameRate} fps`].filter(Boolean).join(" · ");
}
