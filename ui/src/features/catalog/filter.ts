import type { Template } from "@/api/types";

export const ALL = "all";

/** Enabled templates that match, by name. Every word of `text` must occur somewhere. */
export function matching(templates: readonly Template[], text: string, category: string): Template[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return templates
    .filter((template) => template.enabled && (category === ALL || template.category === category))
    .filter((template) => {
      const all = `${template.name} ${template.description} ${template.category}`.toLowerCase();
      return words.every((word) => all.includes(word));
    })
    .toSorted((a, b) => a.name.localeCompare(b.name));
}

export function categories(templates: readonly Template[]): string[] {
  return [...new Set(templates.filter((each) => each.enabled).map((each) => each.category))].filter(Boolean).toSorted();
}
