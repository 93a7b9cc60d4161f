import { hash } from "@ember/helper";
import { LinkTo } from "@ember/routing";
import PluginOutlet from "discourse/components/plugin-outlet";

export default <template>
  <h1 class="user-page__name">{{@model.username}}</h1>
  <nav class="user-navigation">
    <ul class="user-navigation__list nav-pills">
      <PluginOutlet @name="user-main-nav" @outletArgs={{hash model=@model}} />
      <li>
        <LinkTo @route="preferences.notifications">Preferences</LinkTo>
      </li>
    </ul>
  </nav>
  {{outlet}}
</template>
