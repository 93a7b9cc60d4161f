# frozen_string_literal: true

module FiberLink
  # Writes down what the server says about tips. Saying it twice changes nothing, and a settled tip
  # stays as it is.
  class TipRecorder
    # What who gave a tip is told on.
    CHANNEL = "/fiber-link/tips"
    Outcome = Struct.new(:tip, :changed, :settled, keyword_init: true)

    EXACT_STATES = {
      "SETTLED" => "settled",
      "EXPIRED" => "expired",
      "CANCELLED" => "failed",
    }.freeze
    STATES = { "SETTLED" => "settled", "FAILED" => "failed", "UNPAID" => "open" }.freeze

    class << self
      # What `tip.create` answered, for what the forum asked.
      def created(answer, attributes)
        fields = {
          tip_id: answer.string("tipId"),
          invoice: answer.invoice("invoice"),
          expires_at: answer.time("expiresAt"),
        }
        FeedPosition.exclusively do
          attributes = whose_now(attributes)
          insert(attributes.merge(fields))
          tip = Tip.find_by!(tip_id: fields[:tip_id])
          # The feed may have been faster.
          tip.update!(attributes.slice(:idempotency_key)) if tip.idempotency_key.nil?
          tip
        end
      end

      # A tip of `event.list` or `tip.get`. Who is notified is notified in the same transaction;
      # publish the outcomes after it.
      def record(answer)
        fields = read(answer)
        Tip.transaction(requires_new: true) do
          inserted = insert(fields.merge(place(answer)))
          tip = Tip.lock.find_by!(tip_id: fields[:tip_id])
          was = inserted ? nil : tip.state
          advance(tip, fields) unless inserted
          settled = tip.settled? && was != "settled"
          notify(tip) if settled
          Outcome.new(tip: tip, changed: was != tip.state, settled: settled)
        end
      end

      # To whoever may see the topic, and to who gave the tip.
      def publish(outcomes)
        from = FeedPosition.current.notified_from
        changed = outcomes.select { |outcome| outcome.changed && recent?(outcome.tip, from) }
        changed.each { |outcome| publish_state(outcome.tip) }
        settled = changed.select(&:settled)
        settled.filter_map { |outcome| outcome.tip.post }.uniq.each { |post| publish_totals(post) }
      end

      def publish_totals(post)
        return if post.trashed? || post.topic.nil?
        post.publish_message!(
          "/topic/#{post.topic_id}",
          { id: post.id, type: "fiber_link_tips", fiber_link_tips: PostTips.of(post) },
        )
      end

      private

      def read(answer)
        state = state(answer)
        {
          tip_id: answer.string("tipId"),
          asset: answer.string("asset"),
          amount: answer.positive_amount("amount"),
          message: answer.words("message"),
          anonymous: answer.has?("anonymous") && answer.boolean("anonymous"),
          state: state,
          invoice: answer.optional(:invoice, "invoice"),
          expires_at: answer.optional(:time, "expiresAt"),
          created_at: answer.optional(:time, "createdAt") || Time.zone.now,
          settled_at: state == "settled" ? answer.time("settledAt") : nil,
        }
      end

      def state(answer)
        state = STATES.fetch(answer.one_of("state", STATES.keys))
        exact = answer.optional(:string, "exactState")
        state == "failed" ? EXACT_STATES.fetch(exact, state) : state
      end

      # People may have been merged, or have left, while the server was asked.
      def whose_now(attributes)
        giver = giver(attributes[:user_id].to_s)
        giver[:idempotency_key] = nil if giver[:user_id].nil?
        attributes.merge(payee_id: person(attributes[:payee_id].to_s), **giver)
      end

      # Where and whose a tip is, when the forum hears of it for the first time. Later the forum
      # knows better: posts move, and people merge and leave.
      def place(answer)
        post = Post.with_deleted.find_by(id: ForumId.parse(answer.string("postId")))
        {
          post_id: post&.id,
          topic_id: post&.topic_id,
          payee_id: person(answer.string("toUserId")),
          **giver(answer.optional(:string, "fromUserId")),
        }
      end

      # The server keeps what somebody wrote whose account is gone or anonymized; the forum has
      # forgotten it, and it does not come back.
      def giver(text)
        return { user_id: nil } if text.nil?
        id = person(text)
        closed = FormerAccount.closed?(ForumId.parse(text)) || Preferences.closed?(id)
        return { user_id: id } if id && !closed
        { user_id: nil, anonymous: true, message: nil }
      end

      # Who has the account now.
      def person(text)
        id = ForumId.parse(text)
        id && User.where(id: FormerAccount.current_id(id)).pick(:id)
      end

      def insert(fields)
        now = Time.zone.now
        row = { created_at: now, updated_at: now }.merge(fields)
        Tip.insert(row, unique_by: :tip_id, returning: :id).rows.any?
      end

      def advance(tip, fields)
        return if tip.settled?
        tip.expires_at = fields[:expires_at] || tip.expires_at
        tip.invoice ||= fields[:invoice]
        tip.assign_attributes(fields.slice(:state, :settled_at)) if fields[:state] != "open"
        tip.save!
      end

      # A mistake there is no reason not to know of the tip.
      def notify(tip)
        Tip.transaction(requires_new: true) { TipNotifier.tip_settled(tip) }
      rescue StandardError => e
        raise if DatabaseError.of_transaction?(e)
        Discourse.warn_exception(e, message: "fiber-link: nobody was notified of #{tip.tip_id}")
      end

      def recent?(tip, from)
        tip.settled_at.nil? || tip.settled_at >= from
      end

      def publish_state(tip)
        return if tip.user_id.nil?
        data = { id: tip.tip_id, state: tip.shown_state, settled_at: tip.settled_at }
        MessageBus.publish(CHANNEL, data, user_ids: [tip.user_id])
      end
    end
  end
end
