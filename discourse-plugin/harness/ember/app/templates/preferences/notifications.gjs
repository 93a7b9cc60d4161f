import { hash } from "@ember/helper";
import PluginOutlet from "discourse/components/plugin-outlet";

export default <template>
  <PluginOutlet
    @name="user-preferences-notifications"
    @outletArgs={{hash model=@model}}
  />
</template>
