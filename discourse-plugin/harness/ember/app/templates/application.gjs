import PageFrame from "../components/page-frame";

export default <template>
  <PageFrame>{{outlet}}</PageFrame>
</template>
