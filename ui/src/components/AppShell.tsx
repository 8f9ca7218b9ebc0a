import AppLayout from "@cloudscape-design/components/app-layout";
import SideNavigation from "@cloudscape-design/components/side-navigation";
import SpaceBetween from "@cloudscape-design/components/space-between";
import TopNavigation from "@cloudscape-design/components/top-navigation";
import { Suspense, useState } from "react";
import { Outlet, ScrollRestoration, useLocation, useNavigate } from "react-router";
import { useAccount, useMe } from "@/features/account/AccountProvider";
import { Branding } from "@/features/branding/Branding";
import { LiveNotice } from "@/features/live/LiveNotice";
import { toggleTheme, useDark } from "@/features/theme/theme";
import { FlashMessages, FlashProvider } from "./Flash";
import { Loading } from "./Loading";
import { placeOf, sectionsFor } from "./places";
import { NARROW, useMedia } from "./useMedia";

/** Everything around a page: the bar at the top, the navigation and the notices. */
export default function AppShell() {
  return (
    <FlashProvider>
      <Branding />
      <div id="top" className="ss-sticky-top">
        <TopBar />
      </div>
      <Layout />
      <ScrollRestoration />
    </FlashProvider>
  );
}

function Layout() {
  const navigate = useNavigate();
  const { pathname } = useLocation();
  const narrow = useMedia(NARROW);
  const [open, setOpen] = useState(!narrow);
  const sections = sectionsFor(useMe().permissions);
  return (
    <AppLayout
      headerSelector="#top"
      toolsHide
      navigationOpen={open}
      navigationWidth={240}
      onNavigationChange={({ detail }) => setOpen(detail.open)}
      navigation={
        <SideNavigation
          activeHref={placeOf(sections, pathname)?.href}
          items={[
            ...sections.map(({ title, places }) => ({
              type: "section-group" as const,
              title,
              items: places.map(({ text, href }) => ({ type: "link" as const, text, href })),
            })),
            { type: "divider" },
            {
              type: "link",
              text: "API reference",
              href: "/docs",
              external: true,
              externalIconAriaLabel: "opens in a new tab",
            },
          ]}
          onFollow={(event) => {
            if (event.detail.external) return;
            event.preventDefault();
            if (narrow) setOpen(false);
            void navigate(event.detail.href);
          }}
        />
      }
      notifications={
        <SpaceBetween size="xs">
          <LiveNotice />
          <FlashMessages />
        </SpaceBetween>
      }
      ariaLabels={{ navigation: "Main", navigationToggle: "Open navigation", navigationClose: "Close navigation" }}
      content={
        <Suspense fallback={<Loading />}>
          <Outlet />
        </Suspense>
      }
    />
  );
}

function TopBar() {
  const navigate = useNavigate();
  const { signOut, change } = useAccount();
  const { user, tenant } = useMe();
  const logo = tenant.branding.logo;
  const dark = useDark();
  return (
    <TopNavigation
      identity={{
        href: "/",
        title: logo ? tenant.name : "StreamSpace",
        logo: { src: logo ?? "/favicon.svg", alt: "" },
        onFollow: (event) => {
          event.preventDefault();
          void navigate("/");
        },
      }}
      utilities={[
        {
          type: "button",
          iconSvg: dark ? <Sun /> : <Moon />,
          title: dark ? "Light mode" : "Dark mode",
          ariaLabel: dark ? "Switch to light mode" : "Switch to dark mode",
          disableTextCollapse: false,
          // The account's preference follows, without a word if it cannot: this browser has it already.
          onClick: () => void change({ preferences: { theme: toggleTheme() } }).catch(() => undefined),
        },
        {
          type: "menu-dropdown",
          iconName: "user-profile",
          text: user.name || user.email,
          description: user.email,
          ariaLabel: "Account",
          items: [
            {
              id: "who",
              text: `${tenant.name} (${tenant.slug}), ${user.role}`,
              items: [
                { id: "account", text: "My account", href: "/account" },
                { id: "docs", text: "API reference", href: "/docs", external: true },
                { id: "sign-out", text: "Sign out" },
              ],
            },
          ],
          onItemClick: ({ detail }) => {
            if (detail.id === "sign-out") void signOut().catch(() => undefined);
          },
          onItemFollow: (event) => {
            if (event.detail.external || !event.detail.href) return;
            event.preventDefault();
            void navigate(event.detail.href);
          },
        },
      ]}
      i18nStrings={{
        overflowMenuTriggerText: "Menu",
        overflowMenuTitleText: "Menu",
        overflowMenuBackIconAriaLabel: "Back",
        overflowMenuDismissIconAriaLabel: "Close",
      }}
    />
  );
}

const Sun = () => (
  <svg viewBox="0 0 16 16" focusable="false" aria-hidden="true">
    <circle cx="8" cy="8" r="3" />
    <path d="M8 1v1.5M8 13.5V15M1 8h1.5M13.5 8H15M3 3l1.1 1.1M11.9 11.9 13 13M13 3l-1.1 1.1M4.1 11.9 3 13" />
  </svg>
);

const Moon = () => (
  <svg viewBox="0 0 16 16" focusable="false" aria-hidden="true">
    <path d="M13.5 9.8A6 6 0 0 1 6.2 2.5a6 6 0 1 0 7.3 7.3z" />
  </svg>
);
