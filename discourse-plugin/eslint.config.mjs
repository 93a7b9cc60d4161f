import DiscourseRecommended from "@discourse/lint-configs/eslint";

export default [
  ...DiscourseRecommended,
  { ignores: ["harness/ember/out/**"] },
  { files: ["harness/**"], rules: { "no-console": "off" } },
  {
    // Nothing of ours is inserted as markup: what people write stays text.
    files: ["assets/**", "admin/assets/**", "test/javascripts/**"],
    rules: {
      "no-restricted-imports": [
        "error",
        {
          paths: [
            {
              name: "@ember/template",
              message: "Insert text as text, never as markup.",
            },
          ],
        },
      ],
      "no-restricted-properties": [
        "error",
        { property: "innerHTML", message: "Insert text as text." },
        { property: "outerHTML", message: "Insert text as text." },
        { property: "insertAdjacentHTML", message: "Insert text as text." },
      ],
    },
  },
];
