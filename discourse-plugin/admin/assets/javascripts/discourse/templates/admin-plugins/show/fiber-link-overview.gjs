import FiberLinkAdminOverview from "../../../components/fiber-link/admin-overview";

export default <template><FiberLinkAdminOverview /></template>
