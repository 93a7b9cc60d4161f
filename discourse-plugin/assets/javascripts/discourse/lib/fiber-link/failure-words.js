/**
 * What is wrong with single fields says more than what is wrong with them all.
 *
 * @param {{ words: string, fields?: { message: string }[] }} failure
 */
export default function failureWords({ words, fields = [] }) {
  return fields.length > 0
    ? [...new Set(fields.map(({ message }) => message))].join(" ")
    : words;
}
