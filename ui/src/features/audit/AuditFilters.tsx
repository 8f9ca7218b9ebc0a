import PropertyFilter, { type PropertyFilterProps } from "@cloudscape-design/components/property-filter";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useMemo } from "react";
import { FIELDS, type AuditSearch, type Field } from "./auditQuery";
import { RangePicker } from "./RangePicker";

interface Props {
  search: AuditSearch;
  actions: readonly string[];
  /** Ids of people and what they are called. */
  people: ReadonlyMap<string, string>;
  onChange: (search: AuditSearch) => void;
}

const LABELS: Readonly<Record<Field, [one: string, many: string]>> = {
  actor: ["Actor", "Actors"],
  action: ["Action", "Actions"],
  target: ["Target", "Targets"],
  outcome: ["Outcome", "Outcomes"],
};

export function AuditFilters({ search, actions, people, onChange }: Props) {
  const options = useMemo<PropertyFilterProps.FilteringOption[]>(
    () => [
      ...[...people].map(([value, label]) => ({ propertyKey: "actor", value, label })),
      ...actions.map((value) => ({ propertyKey: "action", value })),
      ...["succeeded", "refused"].map((value) => ({ propertyKey: "outcome", value })),
    ],
    [actions, people],
  );
  const properties = useMemo<PropertyFilterProps.FilteringProperty[]>(
    () =>
      FIELDS.map((key) => ({
        key,
        propertyLabel: LABELS[key][0],
        groupValuesLabel: LABELS[key][1],
        operators: [
          key === "actor"
            ? { operator: "=", format: (value: string) => people.get(value) ?? value }
            : { operator: "=" },
        ],
      })),
    [people],
  );
  return (
    <SpaceBetween size="s">
      <PropertyFilter
        query={{
          operation: "and",
          tokens: FIELDS.flatMap((key) => {
            const value = search.fields[key];
            return value ? [{ propertyKey: key, operator: "=", value }] : [];
          }),
        }}
        onChange={({ detail }) => onChange({ ...search, fields: fieldsOf(detail.tokens) })}
        filteringProperties={properties}
        filteringOptions={options}
        filteringPlaceholder="Filter by actor, action, target or outcome"
        filteringAriaLabel="Filter the audit log"
        hideOperations
        disableFreeTextFiltering
        expandToViewport
        data-testid="audit-filter"
      />
      <RangePicker label="Time range" range={search.range} onChange={(range) => onChange({ ...search, range })} />
    </SpaceBetween>
  );
}

/** One value of each: what was chosen last counts. */
function fieldsOf(tokens: readonly PropertyFilterProps.Token[]): AuditSearch["fields"] {
  const fields: AuditSearch["fields"] = {};
  for (const { propertyKey, value } of tokens) {
    const field = FIELDS.find((key) => key === propertyKey);
    if (field && typeof value === "string" && value.trim()) fields[field] = value.trim();
  }
  return fields;
}
