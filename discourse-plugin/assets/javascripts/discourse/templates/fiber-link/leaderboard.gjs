import FiberLinkLeaderboard from "../../components/fiber-link/leaderboard";

export default <template><FiberLinkLeaderboard /></template>
