# frozen_string_literal: true

require "rails_helper"

RSpec.describe FiberLink::TipsController, "#create" do
  include_context "with somebody who tips"

  it_behaves_like "an endpoint of a tip", -> { create }
  it_behaves_like "an endpoint of a post", ->(id) { create(post_id: id) }
  it_behaves_like "an endpoint of a post to tip", ->(id) { create(post_id: id) }

  context "when logged in" do
    before { sign_in(current_user) }

    it "asks the server for an invoice, with payer and payee of the forum's own" do
      create(from_user_id: 1, to_user_id: 1)
      expect(response.status).to eq(200)
      expect(response).to match_fiber_link_schema("tip")
      expect(server.calls("tip.create").first.params).to eq(
        "postId" => target_post.id.to_s,
        "fromUserId" => current_user.id.to_s,
        "toUserId" => target_post.user_id.to_s,
        "asset" => "CKB",
        "amount" => "12.5",
        "message" => "Thanks!",
        "anonymous" => false,
        "idempotencyKey" => "#{current_user.id}:#{key}",
      )
      expect(json["tip"]).to include(
        "state" => "open",
        "amount" => "12.5",
        "message" => "Thanks!",
        "invoice" => invoice,
        "post_id" => target_post.id,
      )
    end

    context "when people change while the server is asked" do
      def create_while(&change)
        answer = {
          tipId: "t-1",
          invoice: invoice,
          paymentHash: "0x00",
          expiresAt: wire_time(10.minutes.from_now),
        }
        server.on("tip.create") { answer.tap(&change) }
        create
        expect(response.status).to eq(200)
        FiberLink::Tip.find_by!(tip_id: "t-1")
      end

      it "keeps the tip for who has the payee's account now" do
        stays = Fabricate(:user)
        tip = create_while { UserMerger.new(target_post.user, stays).merge! }
        expect(tip).to have_attributes(payee_id: stays.id, user_id: current_user.id)
      end

      it "names nobody who was anonymized" do
        tip = create_while { UserAnonymizer.make_anonymous(current_user) }
        expect(tip).to have_attributes(
          user_id: nil,
          anonymous: true,
          message: nil,
          idempotency_key: nil,
        )
      end
    end

    it "keeps the tip as open, and has its settlement waited for" do
      expect_enqueued_with(job: :fiber_link_watch) { create(anonymous: "true") }
      expect(FiberLink::Tip.last).to have_attributes(
        state: "open",
        user_id: current_user.id,
        payee_id: target_post.user_id,
        topic_id: target_post.topic_id,
        amount: BigDecimal("12.5"),
        anonymous: true,
      )
    end

    it "answers a repeat with the same key with the same tip" do
      2.times { create }
      expect(response.status).to eq(200)
      expect(FiberLink::Tip.count).to eq(1)
      first = json["tip"]["id"]
      sign_in(Fabricate(:user))
      create
      expect(json["tip"]["id"]).not_to eq(first)
    end

    it "answers a repeat also after its maker may tip nobody any more" do
      RateLimiter.enable
      SiteSetting.fiber_link_tips_per_minute = 1
      create
      id = json["tip"]["id"]
      FiberLink::Preferences.change(target_post.user, accepts_tips: false)
      current_user.update!(silenced_till: 1.day.from_now)
      server_is_away
      create
      expect(response.status).to eq(200)
      expect(json["tip"]["id"]).to eq(id)
      current_user.update!(silenced_till: nil)
      create(idempotency_key: "another-window")
      expect(response.status).to eq(429)
    end

    it "answers a repeat whose tip the feed heard of first" do
      tip = Fabricate(:fiber_link_tip, post: target_post, user: current_user,
                                       tip_id: "tip-of-#{current_user.id}:#{key}")
      create
      server_is_away
      create(amount: "10", message: nil)
      expect(json["tip"]).to include("id" => tip.tip_id, "state" => "settled")
    end

    it "answers nobody with what the same key asked for otherwise" do
      create
      server_is_away
      other = Fabricate(:post, user: target_post.user)
      [{ post_id: other.id }, { amount: "12" }, { message: "Else" },
       { anonymous: "true" }, { asset: "RUSD" }].each do |changed|
        create(changed)
        expect_refused("idempotency_conflict")
      end
      create(amount: "12.50", message: "Thanks!")
      expect(response.status).to eq(200)
    end

    it "answers a repeat of a tip that has settled with the settled one" do
      create
      FiberLink::Tip.last.update!(state: "settled", settled_at: Time.zone.now)
      create
      expect(json["tip"]).to include("state" => "settled", "qr" => nil)
    end

    it "tells a key for another request apart" do
      server.on("tip.create") { server.error(-32_010, "words", reason: "IDEMPOTENCY_CONFLICT") }
      create
      expect_refused("idempotency_conflict")
    end

    it "asks for a new key where the server gave the tip up" do
      issues = [{ field: "idempotencyKey", message: "this tip was given up" }]
      server.on("tip.create") { server.error(-32_602, "Invalid params", issues: issues) }
      create
      expect_refused("idempotency_conflict")
    end

    it "says that tips are paused, without naming who stopped them" do
      server.on("tip.create") { server.error(-32_013, "Tips of this user are paused") }
      create
      expect_refused("paused")
      expect(json["errors"]).to eq([I18n.t("fiber_link.refused.paused")])
    end

    it "passes the server's words on" do
      server.on("tip.create") do
        server.error(-32_602, "tip amount 12.5 exceeds the maximum of 5")
      end
      create
      expect_refused("refused")
      expect(json["errors"]).to eq(["tip amount 12.5 exceeds the maximum of 5"])
    end

    it "is unavailable while the node is" do
      server.on("tip.create") { server.error(-32_011, "words") }
      create
      expect_unavailable
      expect(FiberLink::Tip.count).to eq(0)
    end

    it "asks once, whatever the answer" do
      server.raw { |socket| socket.close }
      create
      expect_unavailable
      expect(server.requests.size).to eq(1)
    end

    it "refuses what is no amount of the asset, before the server is asked" do
      amounts = ["0", "-1", "1e3", "1,5", "ten", "0.000000001", "9" * 30, "0x1", "", " ", "NaN"]
      amounts.each do |amount|
        create(amount: amount)
        expect_refused("invalid", field: "amount")
      end
      expect(server.calls("tip.create")).to be_empty
    end

    it "refuses amounts outside of the asset's limits, with the limits in words" do
      create(amount: "0.5")
      expect_refused("invalid", field: "amount")
      expect(json["errors"].first).to include("1 CKB", "0.5")
      create(amount: "1000.00000001")
      expect_refused("invalid", field: "amount")
      expect(json["errors"].first).to include("1000 CKB")
    end

    it "refuses assets that the forum's settings or the server do not name" do
      %w[RUSD DOGE].each do |asset|
        create(asset: asset)
        expect_refused("invalid", field: "asset")
      end
      SiteSetting.fiber_link_assets = "CKB|RUSD"
      create(asset: "RUSD", amount: "0.000001")
      expect(response.status).to eq(200)
    end

    it "sends amounts without trailing zeros, exactly" do
      create(amount: "999.10000001")
      create(amount: "7.500", idempotency_key: "another-key")
      amounts = server.calls("tip.create").map { |call| call.params["amount"] }
      expect(amounts).to eq(%w[999.10000001 7.5])
    end

    it "refuses messages of more than 280 characters" do
      create(message: "x" * 281)
      expect_refused("invalid", field: "message")
      create(message: "#{"ü" * 280}  ")
      expect(response.status).to eq(200)
    end

    it "refuses malformed parameters" do
      [
        { idempotency_key: nil },
        { idempotency_key: "short" },
        { idempotency_key: "x" * 101 },
        { idempotency_key: "with a space" },
        { idempotency_key: ["x" * 10] },
        { asset: nil },
        { asset: { a: 1 } },
        { amount: nil },
        { amount: ["1"] },
        { message: { a: 1 } },
        { message: "x" * 5000 },
      ].each do |overrides|
        create(overrides)
        expect(response.status).to eq(400)
        expect(json["error_type"]).to eq("invalid_parameters")
      end
    end

    it "lets as many tips be started in a minute as the setting says, and ten times in an hour" do
      RateLimiter.enable
      SiteSetting.fiber_link_tips_per_minute = 2
      freeze_time
      3.times { |n| create(idempotency_key: "number-#{n}-of-them") }
      expect(response.status).to eq(429)
      statuses =
        12.times.flat_map do |minute|
          freeze_time 61.seconds.from_now
          2.times.map do |n|
            create(idempotency_key: "number-#{minute}-#{n}-of-them")
            response.status
          end
        end
      expect(statuses.count(200)).to eq(18)
      expect(statuses.last).to eq(429)
    end

    it "passes a message of 280 characters of markup on as they are" do
      message = "<script>\"'&".ljust(280, "<")
      create(message: message)
      expect(json["tip"]["message"]).to eq(message)
      expect(response.body).not_to include("<script>")
      expect(response.media_type).to eq("application/json")
    end

    it "shows no invoice that is none" do
      [
        "x" * 5000,
        "fibt1\u0000",
        "fibt1\n",
        "<script>alert(1)</script>",
        "javascript:alert(1)",
        "",
        nil,
        5,
        ["fibt1"],
        { a: 1 },
      ].each do |broken|
        server.on("tip.create") do
          { tipId: "1", invoice: broken, expiresAt: wire_time(10.minutes.from_now) }
        end
        create
        expect_unavailable
      end
      expect(FiberLink::Tip.count).to eq(0)
    end

    it "believes no answer without an id or with a time that is none" do
      good = { tipId: "1", invoice: invoice, expiresAt: wire_time(10.minutes.from_now) }
      broken = [{ tipId: nil }, { tipId: "\u0007" }, { expiresAt: "soon" }, { expiresAt: 5 }]
      broken.each do |fields|
        server.on("tip.create") { good.merge(fields) }
        create
        expect_unavailable
      end
    end
  end
end
