import type { ReactNode } from "react";

/** Pictures for the icon names that templates use; any other name gets its initial on a colour of its own. */
const LINES = {
  fill: "none",
  stroke: "#fff",
  strokeWidth: 2,
  strokeLinecap: "round",
  strokeLinejoin: "round",
} as const;

const DRAWINGS: Readonly<Record<string, { hue: readonly [string, string]; drawing: ReactNode }>> = {
  terminal: {
    hue: ["#27364f", "#0f172a"],
    drawing: <path {...LINES} d="m9 11 5 5-5 5M17 21.5h6" />,
  },
  desktop: {
    hue: ["#4f7df9", "#2b4fd0"],
    drawing: (
      <path
        {...LINES}
        d="M8 9h16a1.5 1.5 0 0 1 1.5 1.5v8A1.5 1.5 0 0 1 24 20H8a1.5 1.5 0 0 1-1.5-1.5v-8A1.5 1.5 0 0 1 8 9zM16 20v4M12 24h8"
      />
    ),
  },
  browser: {
    hue: ["#ff8a3d", "#d9387b"],
    drawing: (
      <path
        {...LINES}
        d="M16 7a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM7 16h18M16 7c2.8 2.5 4 5.5 4 9s-1.2 6.5-4 9c-2.8-2.5-4-5.5-4-9s1.2-6.5 4-9z"
      />
    ),
  },
  code: { hue: ["#22a699", "#0b6b73"], drawing: <path {...LINES} d="m12 11-5 5 5 5M20 11l5 5-5 5" /> },
  image: {
    hue: ["#a86bf0", "#6a35c9"],
    drawing: <path {...LINES} d="M8 8h16v16H8zM8 21l5-5 4 4 3-3 4 4M19.5 12.5h.01" />,
  },
  document: { hue: ["#5b8def", "#34589f"], drawing: <path {...LINES} d="M10 7h8l4 4v14H10zM13 15h6M13 19h6" /> },
};
const ALIASES: Readonly<Record<string, string>> = {
  firefox: "browser",
  web: "browser",
  globe: "browser",
  editor: "code",
};
const PALETTE: readonly (readonly [string, string])[] = [
  ["#4f7df9", "#2b4fd0"],
  ["#22a699", "#0b6b73"],
  ["#a86bf0", "#6a35c9"],
  ["#ff8a3d", "#c4551b"],
  ["#e85d8a", "#a82a5b"],
];

interface Props {
  icon: string;
  name: string;
  size: number;
}

export function TemplateIcon({ icon, name, size }: Props) {
  const known = DRAWINGS[ALIASES[icon] ?? icon];
  const [from, to] = known?.hue ?? PALETTE[hash(name) % PALETTE.length] ?? ["#4f7df9", "#2b4fd0"];
  const gradient = `ss-icon-${from.slice(1)}`;
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true" focusable="false" style={{ flex: "none" }}>
      <defs>
        <linearGradient id={gradient} x1="0" y1="0" x2="1" y2="1">
          <stop offset="0" stopColor={from} />
          <stop offset="1" stopColor={to} />
        </linearGradient>
      </defs>
      <rect width="32" height="32" rx="8" fill={`url(#${gradient})`} />
      {known?.drawing ?? (
        <text x="16" y="21.5" textAnchor="middle" fontSize="16" fontWeight="700" fill="#fff">
          {name.slice(0, 1).toUpperCase()}
        </text>
      )}
    </svg>
  );
}

function hash(text: string): number {
  let value = 0;
  for (const char of text) value = (value * 31 + char.charCodeAt(0)) >>> 0;
  return value;
}
