import type { ReactNode } from "react";
import { Wordmark } from "@/components/Brand";
import styles from "./SignIn.module.css";

/** The brand on one side, the form on the other; one above the other where it is narrow. */
export function SignInFrame({ title, children }: { title: string; children: ReactNode }) {
  return (
    <div className={styles.page}>
      <section className={styles.brand} aria-label="StreamSpace">
        <Wordmark size={34} />
        <div className={styles.pitch}>
          <h1>Your desktop, in a browser tab.</h1>
          <p>
            Applications and whole desktops run in containers on machines that you own, and stream to wherever you are.
          </p>
        </div>
        <Picture />
      </section>
      <main className={styles.side}>
        <div className={styles.form}>
          <h2>{title}</h2>
          {children}
        </div>
      </main>
    </div>
  );
}

function Picture() {
  return (
    <svg className={styles.picture} viewBox="0 0 480 300" aria-hidden="true" focusable="false">
      <defs>
        <linearGradient id="ss-sky" x1="0" y1="0" x2="1" y2="1">
          <stop offset="0" stopColor="#3b6df0" />
          <stop offset="1" stopColor="#12a594" />
        </linearGradient>
      </defs>
      <rect x="1" y="1" width="478" height="298" rx="14" fill="#111c33" stroke="#33456b" />
      <circle cx="22" cy="20" r="5" fill="#41547d" />
      <circle cx="40" cy="20" r="5" fill="#41547d" />
      <circle cx="58" cy="20" r="5" fill="#41547d" />
      <rect x="84" y="11" width="280" height="18" rx="9" fill="#1c2a4a" />
      <rect x="12" y="40" width="456" height="248" rx="8" fill="url(#ss-sky)" />
      <rect x="44" y="68" width="236" height="150" rx="8" fill="#0c1424" fillOpacity=".92" />
      <rect x="44" y="68" width="236" height="22" rx="8" fill="#1b2740" />
      <g stroke="#7ee2c3" strokeWidth="5" strokeLinecap="round">
        <path d="M62 110h46" />
        <path d="M62 130h120" stroke="#9db4e6" />
        <path d="M62 150h86" stroke="#9db4e6" />
        <path d="M62 170h30" />
      </g>
      <rect x="102" y="163" width="8" height="14" fill="#e6eeff" />
      <rect x="230" y="120" width="200" height="132" rx="8" fill="#f6f8fd" />
      <rect x="230" y="120" width="200" height="22" rx="8" fill="#dde5f7" />
      <g fill="#c4d1ee">
        <rect x="246" y="156" width="76" height="52" rx="4" />
        <rect x="334" y="156" width="80" height="8" rx="4" />
        <rect x="334" y="172" width="64" height="8" rx="4" />
        <rect x="334" y="188" width="72" height="8" rx="4" />
        <rect x="246" y="222" width="140" height="8" rx="4" />
      </g>
      <rect x="150" y="264" width="180" height="16" rx="8" fill="#0c1424" fillOpacity=".55" />
      <g fill="#fff" fillOpacity=".85">
        <circle cx="180" cy="272" r="4" />
        <circle cx="210" cy="272" r="4" />
        <circle cx="240" cy="272" r="4" />
        <circle cx="270" cy="272" r="4" />
        <circle cx="300" cy="272" r="4" />
      </g>
    </svg>
  );
}
