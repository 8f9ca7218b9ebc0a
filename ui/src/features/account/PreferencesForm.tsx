import FormField from "@cloudscape-design/components/form-field";
import RadioGroup from "@cloudscape-design/components/radio-group";
import Select from "@cloudscape-design/components/select";
import { useMemo, useRef, useState } from "react";
import { asProblem, type Problem } from "@/api/problem";
import type { Preferences } from "@/api/types";
import { useFlash } from "@/components/Flash";
import { ProblemAlert } from "@/components/ProblemAlert";
import { SectionForm } from "@/components/SectionForm";
import { browserZone, fullTime } from "@/components/time";
import { useNow } from "@/components/useNow";
import { setTheme, type ThemeChoice } from "@/features/theme/theme";
import { useAccount, useMe } from "./AccountProvider";

const THEMES: readonly { value: ThemeChoice; label: string; description?: string }[] = [
  { value: "system", label: "As the system", description: "Follows this computer, also when it changes by itself" },
  { value: "light", label: "Light" },
  { value: "dark", label: "Dark" },
];
const PAGES: readonly { value: NonNullable<Preferences["start_page"]>; label: string }[] = [
  { value: "catalog", label: "Catalog" },
  { value: "sessions", label: "My sessions" },
];
const BROWSER = "";

/** Saved as soon as they are chosen: each is undone by choosing again. */
export function PreferencesForm() {
  const { preferences } = useMe().user;
  const { change } = useAccount();
  const flash = useFlash();
  const [problem, setProblem] = useState<Problem | null>(null);
  const before = useRef<Promise<void>>(Promise.resolve());
  const now = useNow(1000);
  const zones = useMemo(() => {
    const usual = { value: BROWSER, label: `As this browser (${browserZone()})` };
    return [
      usual,
      ...Intl.supportedValuesOf("timeZone").map((value) => ({ value, label: value.replaceAll("_", " ") })),
    ];
  }, []);
  const zone = preferences.time_zone ?? BROWSER;
  // One after the other: a choice made while another is saved is neither dropped nor overtaken.
  const save = (next: Preferences) => {
    before.current = before.current.then(async () => {
      try {
        await change({ preferences: next });
        setProblem(null);
        flash.success("Your preferences were saved.");
      } catch (error) {
        setProblem(asProblem(error));
      }
    });
  };
  return (
    <SectionForm title="Preferences" description="They follow you to every browser that you sign in with.">
      <ProblemAlert problem={problem} header="Your preferences were not saved" />
      <FormField label="Theme" errorText={problem?.field("preferences.theme")}>
        <RadioGroup
          value={preferences.theme ?? "system"}
          items={[...THEMES]}
          onChange={({ detail }) => {
            const theme = detail.value as ThemeChoice;
            setTheme(theme);
            save({ theme });
          }}
          data-testid="account-theme"
        />
      </FormField>
      <FormField label="Start page" errorText={problem?.field("preferences.start_page")}>
        <Select
          selectedOption={PAGES.find(({ value }) => value === (preferences.start_page ?? "catalog")) ?? null}
          options={PAGES}
          onChange={({ detail }) => save({ start_page: detail.selectedOption.value as "catalog" | "sessions" })}
          data-testid="account-start-page"
        />
      </FormField>
      <FormField
        label="Time zone"
        description="All times are shown in it."
        constraintText={`It is ${fullTime(new Date(now).toISOString())} there.`}
        errorText={problem?.field("preferences.time_zone")}
      >
        <Select
          selectedOption={zones.find(({ value }) => value === zone) ?? { value: zone, label: zone }}
          options={zones}
          filteringType="auto"
          filteringAriaLabel="Find a time zone"
          virtualScroll
          onChange={({ detail }) => save({ time_zone: detail.selectedOption.value || null })}
          data-testid="account-time-zone"
        />
      </FormField>
    </SectionForm>
  );
}
