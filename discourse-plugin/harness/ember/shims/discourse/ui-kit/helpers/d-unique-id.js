let count = 0;

export default function dUniqueId() {
  count += 1;
  return `ember-unique-${count}`;
}
