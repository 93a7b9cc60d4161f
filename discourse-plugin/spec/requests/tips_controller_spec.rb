# frozen_string_literal: true

require "rails_helper"

RSpec.describe FiberLink::TipsController do
  include_context "with a Fiber Link server"

  fab!(:current_user, :user)
  fab!(:target_post, :post)
  fab!(:moderator)

  let(:key) { "window-of-this-spec-1" }
  let(:invoice) { "fibt1#{SecureRandom.hex(210)}" }
  let(:fields) do
    {
      post_id: target_post.id,
      asset: "CKB",
      amount: "12.5",
      message: " Thanks! ",
      idempotency_key: key,
    }
  end

  before do
    server.on("asset.list") { wire_assets }
    server.on("tip.create") do |params|
      {
        tipId: "tip-of-#{params["idempotencyKey"]}",
        invoice: invoice,
        paymentHash: "0x00",
        expiresAt: wire_time(10.minutes.from_now),
      }
    end
  end

  def create(overrides = {})
    post "/fiber-link/tips.json", params: fields.merge(overrides).compact
  end

  def json = response.parsed_body

  def expect_refused(reason, field: nil)
    expect(response.status).to eq(422)
    expect(response).to match_fiber_link_schema("error")
    expect(json["error_type"]).to eq("fiber_link_refused")
    expect(json["extras"]["reason"]).to eq(reason)
    expect(json["extras"]["fields"].map { |issue| issue["field"] }).to eq([field]) if field
  end

  def expect_unavailable
    expect(response.status).to eq(503)
    expect(json).to eq(
      "errors" => [I18n.t("fiber_link.unavailable")],
      "error_type" => "fiber_link_unavailable",
    )
  end

  shared_examples "an endpoint of a tip" do |request|
    it "is hidden while the plugin is off" do
      SiteSetting.fiber_link_enabled = false
      sign_in(current_user)
      instance_exec(&request)
      expect(response.status).to eq(404)
      expect(json["error_type"]).to eq("not_found")
    end

    it "needs a login" do
      instance_exec(&request)
      expect(response.status).to eq(403)
      expect(json["error_type"]).to eq("not_logged_in")
    end

    it "is limited" do
      RateLimiter.enable
      sign_in(current_user)
      61.times do
        instance_exec(&request)
        break if response.status == 429
      end
      expect(response.status).to eq(429)
      expect(response).to match_fiber_link_schema("error")
      expect(json["extras"]["wait_seconds"]).to be_positive
      expect(response.headers["Retry-After"]).to be_present
    end
  end

  shared_examples "an endpoint of a post" do |request|
    it "does not tell of a post that one may not see" do
      sign_in(current_user)
      group = Fabricate(:group)
      category = Fabricate(:private_category, group: group)
      restricted = Fabricate(:post, topic: Fabricate(:topic, category: category))
      message = Fabricate(:post, topic: Fabricate(:private_message_topic))
      deleted = Fabricate(:post, deleted_at: 1.day.ago)
      hidden = [restricted, message, deleted, Fabricate(:whisper)].map(&:id)
      [*hidden, 999_999].each do |id|
        instance_exec(id, &request)
        expect(response.status).to eq(404)
      end
      group.add(current_user)
      instance_exec(restricted.id, &request)
      expect(response.status).to eq(200)
    end

    it "takes nothing for a post that is none" do
      sign_in(current_user)
      ["", "x", "-1", "1.5", "99999999999999999999", "1 OR 1=1", %w[1 2]].each do |id|
        instance_exec(id, &request)
        expect(response.status).to eq(400)
      end
    end
  end

  shared_examples "an endpoint of a post to tip" do |request|
    before { sign_in(current_user) }

    it "refuses one's own post" do
      instance_exec(Fabricate(:post, user: current_user).id, &request)
      expect_refused("own_post")
    end

    it "refuses posts of excluded categories and their subcategories" do
      SiteSetting.max_category_nesting = 3
      category = Fabricate(:category)
      child = Fabricate(:category, parent_category: category)
      grandchild = Fabricate(:category, parent_category: child)
      SiteSetting.fiber_link_excluded_categories = category.id.to_s
      [category, child, grandchild].each do |one|
        topic = Fabricate(:topic, category: one)
        instance_exec(Fabricate(:post, topic: topic).id, &request)
        expect_refused("not_tippable")
      end
    end

    it "refuses posts of excluded groups" do
      group = Fabricate(:group)
      group.add(target_post.user)
      SiteSetting.fiber_link_excluded_groups = group.id.to_s
      instance_exec(target_post.id, &request)
      expect_refused("not_tippable")
    end

    it "refuses posts of people who take no tips" do
      FiberLink::Preferences.change(target_post.user, accepts_tips: false)
      instance_exec(target_post.id, &request)
      expect_refused("not_tippable")
    end

    it "refuses posts whose author is gone, is no person, or that say what moderators did" do
      bot = Fabricate(:user, id: -5)
      [
        Fabricate(:post).tap { |post| post.update_columns(user_id: nil) },
        Fabricate(:post, user: bot),
        Fabricate(:post, post_type: Post.types[:small_action]),
        Fabricate(:post, user_deleted: true),
      ].each do |untippable|
        instance_exec(untippable.id, &request)
        expect_refused("not_tippable")
      end
    end

    it "refuses whispers, hidden and deleted posts to staff, who see them" do
      sign_in(moderator)
      [Fabricate(:whisper), Fabricate(:post, hidden: true)].each do |unseen|
        instance_exec(unseen.id, &request)
        expect_refused("not_tippable")
      end
      instance_exec(Fabricate(:post, deleted_at: 1.hour.ago).id, &request)
      expect(response.status).to eq(404)
    end

    it "is for members of the groups that may tip" do
      group = Fabricate(:group)
      SiteSetting.fiber_link_tip_groups = group.id.to_s
      instance_exec(target_post.id, &request)
      expect(response.status).to eq(403)
      expect(json["error_type"]).to eq("invalid_access")
      group.add(current_user)
      instance_exec(target_post.id, &request)
      expect(response.status).to eq(200)
    end

    it "is not for people who are silenced" do
      current_user.update!(silenced_till: 1.day.from_now)
      instance_exec(target_post.id, &request)
      expect(response.status).to eq(403)
    end

    it "says that nothing was lost when the server does not answer" do
      SiteSetting.fiber_link_service_url = "http://127.0.0.1:1"
      instance_exec(target_post.id, &request)
      expect_unavailable
    end

    it "says the same when the plugin is not set up" do
      SiteSetting.remove_override!(:fiber_link_app_secret)
      instance_exec(target_post.id, &request)
      expect_unavailable
    end
  end

  describe "#create" do
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

  describe "#options" do
    def options(id = target_post.id)
      get "/fiber-link/tips/options.json", params: { post_id: id }
    end

    it_behaves_like "an endpoint of a tip", -> { options }
    it_behaves_like "an endpoint of a post", ->(id) { options(id) }
    it_behaves_like "an endpoint of a post to tip", ->(id) { options(id) }

    it "has the assets that the settings name and the server accepts, in the settings' order" do
      sign_in(current_user)
      SiteSetting.fiber_link_assets = "RUSD|DOGE|CKB"
      MessageBus.publish("/fiber-link/tips", { id: 1 })
      options
      expect(response).to match_fiber_link_schema("tip_options")
      expect(json["assets"].map { |asset| asset["asset"] }).to eq(%w[RUSD CKB])
      expect(json["assets"].last).to eq(
        "asset" => "CKB",
        "decimals" => 8,
        "minimum" => "1",
        "maximum" => "1000",
      )
      expect(json["message_bus_last_id"]).to eq(MessageBus.last_id("/fiber-link/tips"))
    end

    it "asks the server for assets once a minute, whoever asks" do
      5.times do
        sign_in(Fabricate(:user))
        options
      end
      expect(server.calls("asset.list").size).to eq(1)
      freeze_time 61.seconds.from_now
      options
      expect(server.calls("asset.list").size).to eq(2)
    end

    it "leaves assets out that take no tips" do
      assets = wire_assets
      assets[:assets].first[:tips] = false
      server.on("asset.list") { assets }
      sign_in(current_user)
      options
      expect(json["assets"]).to eq([])
    end

    it "believes no list of assets that is none" do
      sign_in(current_user)
      [{}, { assets: nil }, { assets: [1] }, { assets: [{ asset: "CKB" }] }].each do |broken|
        server.on("asset.list") { broken }
        options
        expect_unavailable
      end
    end
  end

  describe "#open" do
    def open_tip(id = target_post.id)
      get "/fiber-link/tips/open.json", params: { post_id: id }
    end

    it_behaves_like "an endpoint of a tip", -> { open_tip }
    it_behaves_like "an endpoint of a post", ->(id) { open_tip(id) }

    it "finds the newest open tip of one's own for the post, without asking the server" do
      sign_in(current_user)
      mine = { post: target_post, user: current_user, state: "open" }
      Fabricate(:fiber_link_tip, **mine)
      newest = Fabricate(:fiber_link_tip, **mine)
      Fabricate(:fiber_link_tip, **mine, expires_at: 1.second.ago)
      Fabricate(:fiber_link_tip, **mine, state: "settled")
      Fabricate(:fiber_link_tip, **mine, state: "failed")
      Fabricate(:fiber_link_tip, **mine, post: Fabricate(:post))
      Fabricate(:fiber_link_tip, **mine, user: Fabricate(:user))
      open_tip
      expect(response).to match_fiber_link_schema("tip")
      expect(json["tip"]["id"]).to eq(newest.tip_id)
      expect(server.requests).to be_empty
    end

    it "finds nothing where there is none" do
      sign_in(current_user)
      open_tip
      expect(response.status).to eq(200)
      expect(json).to eq("tip" => nil)
    end
  end

  describe "#show" do
    fab!(:tip) do
      Fabricate(:fiber_link_tip, post: target_post, user: current_user, state: "open")
    end

    before { serve_events([]) }

    def show(id = tip.tip_id)
      get "/fiber-link/tips/#{id}.json"
    end

    it_behaves_like "an endpoint of a tip", -> { show }

    it "is for who gave the tip, and for nobody else" do
      [Fabricate(:user), target_post.user, Fabricate(:admin)].each do |somebody|
        sign_in(somebody)
        show
        expect(response.status).to eq(404)
      end
      sign_in(current_user)
      show
      expect(response.status).to eq(200)
      expect(response).to match_fiber_link_schema("tip")
      show("another")
      expect(response.status).to eq(404)
    end

    it "shows that the tip has settled as soon as the server says so" do
      serve_events([settled_event(tip)])
      sign_in(current_user)
      show
      expect(json["tip"]).to include("state" => "settled", "qr" => nil)
      expect(json["tip"]["settled_at"]).to be_present
    end

    it "shows the tip as it was while the server does not answer" do
      SiteSetting.fiber_link_service_url = "http://127.0.0.1:1"
      sign_in(current_user)
      show
      expect(response.status).to eq(200)
      expect(json["tip"]["state"]).to eq("open")
    end

    it "shows a tip as expired when its time is over" do
      server.on("tip.get") { server.error(-32_011, "words") }
      tip.update!(expires_at: 1.second.ago)
      sign_in(current_user)
      show
      expect(json["tip"]).to include("state" => "expired", "qr" => nil)
      expect(tip.reload.state).to eq("open")
    end

    it "learns from the server how a tip ended" do
      tip.update!(expires_at: 1.second.ago)
      sign_in(current_user)
      {
        "CANCELLED" => "failed",
        "EXPIRED" => "expired",
      }.each do |exact, state|
        tip.reload.update!(state: "open")
        Discourse.redis.flushdb
        ended = { state: "FAILED", exactState: exact, expiresAt: wire_time(1.second.ago) }
        server.on("tip.get") { wire_tip(tipId: tip.tip_id, **ended) }
        show
        expect(json["tip"]["state"]).to eq(state)
      end
      expect(server.calls("tip.get").first.params).to eq("tipId" => tip.tip_id)
    end

    it "shows a tip that is paid after its end as settled" do
      tip.update!(state: "expired", expires_at: 1.hour.ago)
      serve_events([settled_event(tip)])
      FiberLink::Feed.advance
      sign_in(current_user)
      show
      expect(json["tip"]["state"]).to eq("settled")
    end

    it "asks the server nothing about a tip that has ended" do
      tip.update!(state: "settled", settled_at: Time.zone.now)
      sign_in(current_user)
      show
      expect(server.requests).to be_empty
    end

    it "survives an invoice that fits into no QR code" do
      tip.update!(invoice: "aB" * 2000)
      sign_in(current_user)
      show
      expect(json["tip"]).to include("qr" => nil, "state" => "open")
    end
  end
end
