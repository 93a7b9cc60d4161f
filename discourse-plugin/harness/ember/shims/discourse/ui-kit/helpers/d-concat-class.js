export default function dConcatClass(...args) {
  return args.filter(Boolean).join(" ") || undefined;
}
