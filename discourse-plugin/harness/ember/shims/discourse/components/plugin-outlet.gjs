import Component from "@glimmer/component";
import { outletComponents } from "../../../state/plugin-registry";

export default class PluginOutlet extends Component {
  get before() {
    return outletComponents(`${this.args.name}__before`);
  }

  get instead() {
    return outletComponents(this.args.name);
  }

  get after() {
    return outletComponents(`${this.args.name}__after`);
  }

  <template>
    {{#each this.before as |Connector|}}
      <Connector @outletArgs={{@outletArgs}} />
    {{/each}}
    {{#each this.instead as |Connector|}}
      <Connector @outletArgs={{@outletArgs}} />
    {{else}}
      {{yield}}
    {{/each}}
    {{#each this.after as |Connector|}}
      <Connector @outletArgs={{@outletArgs}} />
    {{/each}}
  </template>
}
