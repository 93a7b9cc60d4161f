import { LinkTo } from "@ember/routing";
import { i18n } from "discourse-i18n";
import { registry } from "../../../state/plugin-registry";

function links(id) {
  return registry.adminNavigation.get(id) ?? [];
}

export default <template>
  <h1 class="admin-plugin-config-page__title">{{@model.name}}</h1>
  <ul class="nav-pills">
    {{#each (links @model.id) as |link|}}
      <li>
        <LinkTo @route={{link.route}} @model={{@model}}>{{i18n
            link.label
          }}</LinkTo>
      </li>
    {{/each}}
  </ul>
  {{outlet}}
</template>
