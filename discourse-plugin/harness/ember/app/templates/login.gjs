import LoginForm from "../components/login-form";

export default <template><LoginForm /></template>
