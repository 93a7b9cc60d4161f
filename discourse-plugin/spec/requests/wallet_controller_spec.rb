# frozen_string_literal: true

require "rails_helper"

RSpec.describe FiberLink::WalletController do
  include_context "with a Fiber Link server"

  fab!(:current_user, :user)

  describe "#show" do
    let(:balance) { { asset: "CKB", available: "61.39", reserved: "0.61", pending: "0" } }

    before { server_answers("dashboard.summary", { balancesByAsset: [balance], tips: [] }) }

    def request(params = {})
      get "/fiber-link/wallet.json", params: params
    end

    it_behaves_like "an endpoint of one's own", limit: 60
    it_behaves_like "an endpoint that needs the server", "dashboard.summary"

    it "shows one's own balances and what one chose, whoever else is named" do
      FiberLink::Preferences.change(current_user, notified: false)
      sign_in(current_user)
      request(userId: "1", user_id: "1", username: "somebody")
      expect(response.status).to eq(200)
      expect(response).to match_fiber_link_schema("wallet")
      expect(response.parsed_body).to eq(
        "balances" => [balance.stringify_keys],
        "former_accounts" => [],
        "preferences" => {
          "accepts_tips" => true,
          "notified" => false,
          "on_leaderboard" => false,
        },
      )
      expect(asked("dashboard.summary")).to eq(
        ["userId" => current_user.id.to_s, "limit" => 1],
      )
    end

    it "shows amounts without trailing zeros, however large or small" do
      amounts = { available: "100000000000000.50", reserved: "0.00000001", pending: "100" }
      server_answers("dashboard.summary", { balancesByAsset: [balance.merge(amounts)] })
      sign_in(current_user)
      request
      expect(response.parsed_body["balances"].first).to include(
        "available" => "100000000000000.5",
        "reserved" => "0.00000001",
        "pending" => "100",
      )
    end

    it "shows nothing of a balance with a wrong field" do
      sign_in(current_user)
      wrongs = [
        { available: 61.39 },
        { available: "-1" },
        { reserved: nil },
        { pending: "1e3" },
        { asset: "" },
        { asset: "C\nKB" },
      ]
      wrongs.each do |wrong|
        server_answers("dashboard.summary", { balancesByAsset: [balance.merge(wrong)] })
        request
        expect([wrong, response.status]).to eq([wrong, 503])
      end
    end
  end

  describe "#tips" do
    fab!(:author) { Fabricate(:user) }
    fab!(:topic)
    fab!(:own_post) { Fabricate(:post, user: current_user, topic: topic) }
    fab!(:target_post) { Fabricate(:post, user: author, topic: topic) }

    def request(params = { direction: "received" })
      get "/fiber-link/wallet/tips.json", params: params
    end

    def received(**attributes)
      Fabricate(:fiber_link_tip, post: own_post, user: author, **attributes)
    end

    def given(**attributes)
      Fabricate(:fiber_link_tip, post: target_post, user: current_user, **attributes)
    end

    def shown
      response.parsed_body["tips"]
    end

    it_behaves_like "an endpoint of one's own", limit: 60

    context "when logged in" do
      before { sign_in(current_user) }

      it "shows who tipped one's posts, with the message" do
        tip = received(message: "Thank <b>you</b>", amount: BigDecimal("1.50"))
        request
        expect(response.status).to eq(200)
        expect(response).to match_fiber_link_schema("wallet_tips")
        expect(shown).to contain_exactly(
          include(
            "id" => tip.tip_id,
            "direction" => "received",
            "user" => include("id" => author.id, "username" => author.username),
            "post" => {
              "id" => own_post.id,
              "url" => own_post.url,
              "topic_title" => topic.title,
            },
            "amount" => "1.5",
            "message" => "Thank <b>you</b>",
            "state" => "settled",
          ),
        )
      end

      it "shows no received tip that was not paid" do
        received(state: "open", settled_at: nil)
        received(state: "expired", settled_at: nil)
        request
        expect(shown).to eq([])
      end

      it "shows given tips in every state, with who got them" do
        given(state: "open", settled_at: nil)
        given(state: "open", settled_at: nil, expires_at: 1.minute.ago)
        given
        request(direction: "given")
        expect(response).to match_fiber_link_schema("wallet_tips")
        expect(shown.map { |tip| tip["state"] }).to eq(%w[settled expired open])
        expect(shown.map { |tip| tip["user"]["id"] }.uniq).to eq([author.id])
      end

      it "shows nothing of what others gave and got" do
        Fabricate(:fiber_link_tip, post: target_post)
        %w[received given].each do |direction|
          request(direction: direction)
          expect(shown).to eq([])
        end
      end

      it "keeps an anonymous tipper from the payee, and not from himself" do
        received(anonymous: true)
        given(anonymous: true)
        request
        expect(shown.first).to include("user" => nil, "anonymous" => true)
        expect(response.body).not_to include(author.username)
        request(direction: "given")
        expect(shown.first["user"]).to include("id" => author.id)
      end

      it "shows tips of accounts that are gone" do
        received(user: nil)
        given(payee: nil)
        %w[received given].each do |direction|
          request(direction: direction)
          expect(response).to match_fiber_link_schema("wallet_tips")
          expect(shown.first["user"]).to be_nil
        end
      end

      it "leaves names out where the forum does" do
        SiteSetting.enable_names = false
        received
        request
        expect(shown.first["user"]).to include("username" => author.username)
        expect(response.body).not_to include(author.name)
      end

      it "names no post that is deleted, or in a category that one may not see" do
        closed = Fabricate(:private_category, group: Fabricate(:group))
        secret = Fabricate(:post, user: author, topic: Fabricate(:topic, category: closed))
        Fabricate(:fiber_link_tip, post: secret, user: current_user)
        deleted = Fabricate(:post, user: author)
        Fabricate(:fiber_link_tip, post: deleted, user: current_user)
        deleted.trash!
        Fabricate(:fiber_link_tip, post: nil, topic: nil, payee: author, user: current_user)
        request(direction: "given")
        expect(response).to match_fiber_link_schema("wallet_tips")
        expect(shown.map { |tip| tip["post"] }).to eq([nil, nil, nil])
      end

      it "leads nobody to a deleted post, staff neither" do
        current_user.update!(admin: true)
        given
        target_post.trash!
        request(direction: "given")
        expect(shown.first["post"]).to be_nil
      end

      it "leads no administrator to a post whose topic is deleted" do
        current_user.update!(admin: true)
        given
        target_post.topic.trash!
        request(direction: "given")
        expect(response.status).to eq(200)
        expect(shown.first["post"]).to be_nil
      end

      it "goes through all pages without leaving out or repeating one" do
        moment = Time.zone.now
        ids = Array.new(65) { |n| received(settled_at: moment - (n / 10).minutes).tip_id }
        seen = []
        before = nil
        3.times do
          request({ direction: "received", before: before }.compact)
          seen.concat(shown.map { |tip| tip["id"] })
          before = response.parsed_body["next"]
        end
        expect(before).to be_nil
        expect(seen.size).to eq(65)
        expect(seen).to match_array(ids)
      end

      it "goes on after one's own tips alone" do
        foreign = Fabricate(:fiber_link_tip, post: target_post)
        [foreign.id.to_s, "0", "x", "1 OR 1=1", "9" * 30, ""].each do |before|
          request(direction: "received", before: before)
          expect([before, response.status]).to eq([before, 400])
        end
      end

      it "knows no third direction" do
        [{}, { direction: "both" }, { direction: ["given"] }].each do |params|
          request(params)
          expect(response.status).to eq(400)
        end
      end

      it "asks the database no more often for thirty tips than for three" do
        category = Fabricate(:category)
        add =
          proc do
            topic = Fabricate(:topic, category: category)
            post = Fabricate(:post, user: current_user, topic: topic)
            Fabricate(:fiber_link_tip, post: post)
          end
        3.times(&add)
        few = track_sql_queries { request }.size
        27.times(&add)
        many = track_sql_queries { request }.size
        expect(shown.size).to eq(30)
        expect(many).to eq(few)
      end
    end
  end
end
