/** The mark: a window with a second one streaming out of it. */
export function Mark({ size = 28 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <defs>
        <linearGradient id="ss-mark" x1="0" y1="0" x2="1" y2="1">
          <stop offset="0" stopColor="#5b8cff" />
          <stop offset="1" stopColor="#19c3b2" />
        </linearGradient>
      </defs>
      <rect x="1" y="1" width="30" height="30" rx="8" fill="url(#ss-mark)" />
      <path
        d="M8 11.5A2.5 2.5 0 0 1 10.5 9h11A2.5 2.5 0 0 1 24 11.5V14"
        fill="none"
        stroke="#fff"
        strokeOpacity=".65"
        strokeWidth="2"
        strokeLinecap="round"
      />
      <path
        d="M8 15v5.5A2.5 2.5 0 0 0 10.5 23H14"
        fill="none"
        stroke="#fff"
        strokeOpacity=".65"
        strokeWidth="2"
        strokeLinecap="round"
      />
      <rect x="13" y="14.5" width="12" height="9" rx="2" fill="#fff" />
      <path d="m17.5 16.900 4 2.100-4 2.100z" fill="#2b62e3" />
    </svg>
  );
}

export function Wordmark({ size = 28 }: { size?: number }) {
  return (
    <span style={{ display: "inline-flex", alignItems: "center", gap: 10 }}>
      <Mark size={size} />
      <span style={{ fontWeight: 700, fontSize: size * 0.68, letterSpacing: "-0.02em" }}>StreamSpace</span>
    </span>
  );
}
