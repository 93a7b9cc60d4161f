import FiberLinkWalletPage from "../../components/fiber-link/wallet-page";

export default <template>
  <section class="user-content" id="user-content">
    <FiberLinkWalletPage />
  </section>
</template>
