import { trustHTML } from "@ember/template";

// Discourse sanitizes what it cooks, and shows it as markup.
const TopicBody = <template>
  <div class="cooked">{{trustHTML @cooked}}</div>
</template>;

export default TopicBody;
